package org.bitnetj.spark;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * The rows of a plan with the results of calls behind them, in a logical plan.
 *
 * <p>Not for use: public because Spark makes copies of it by reflection.
 *
 * @serial exclude
 */
public final class ModelCalls extends LogicalPlan {
  private static final long serialVersionUID = 1L;

  private final Seq<ModelCall> calls;
  private final Seq<Attribute> results;
  private final LogicalPlan child;

  /**
   * Makes the plan.
   *
   * @param calls what is computed for each row
   * @param results the column of each call
   * @param child the plan whose rows they are
   */
  public ModelCalls(Seq<ModelCall> calls, Seq<Attribute> results, LogicalPlan child) {
    this.calls = calls;
    this.results = results;
    this.child = child;
  }

  Seq<ModelCall> calls() {
    return calls;
  }

  Seq<Attribute> results() {
    return results;
  }

  LogicalPlan child() {
    return child;
  }

  @Override
  public Seq<Attribute> output() {
    return output(child.output(), results);
  }

  static Seq<Attribute> output(Seq<Attribute> child, Seq<Attribute> results) {
    List<Attribute> output = new ArrayList<>(Scala.list(child));
    output.addAll(Scala.list(results));
    return Scala.seq(output);
  }

  @Override
  public AttributeSet producedAttributes() {
    return AttributeSet.apply(Scala.<Expression>wider(results));
  }

  @Override
  public Seq<LogicalPlan> children() {
    return Scala.seq(List.of(child));
  }

  @Override
  public LogicalPlan withNewChildrenInternal(IndexedSeq<LogicalPlan> children) {
    return new ModelCalls(calls, results, children.apply(0));
  }

  @Override
  public int productArity() {
    return 3;
  }

  @Override
  public Object productElement(int index) {
    return switch (index) {
      case 0 -> calls;
      case 1 -> results;
      default -> child;
    };
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof ModelCalls;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ModelCalls plan
        && calls.equals(plan.calls)
        && results.equals(plan.results)
        && child.equals(plan.child);
  }

  @Override
  public int hashCode() {
    return super.hashCode();
  }
}
