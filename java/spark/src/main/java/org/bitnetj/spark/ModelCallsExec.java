package org.bitnetj.spark;

import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.SparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.SortOrder;
import org.apache.spark.sql.catalyst.plans.physical.Partitioning;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.jspecify.annotations.Nullable;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Map;
import scala.collection.immutable.Seq;
import scala.reflect.ClassTag;

/**
 * {@link ModelCalls} in a physical plan: an operator that has many rows of a partition under way.
 *
 * <p>Not for use: public because Spark makes copies of it by reflection.
 *
 * @serial exclude
 */
public final class ModelCallsExec extends SparkPlan {
  private static final long serialVersionUID = 1L;

  private final Seq<ModelCall> calls;
  private final Seq<Attribute> results;
  private final SparkPlan child;
  private transient @Nullable OperatorMetrics metrics;

  /**
   * Makes the operator.
   *
   * @param calls what is computed for each row
   * @param results the column of each call
   * @param child the plan whose rows they are
   */
  public ModelCallsExec(Seq<ModelCall> calls, Seq<Attribute> results, SparkPlan child) {
    this.calls = calls;
    this.results = results;
    this.child = child;
  }

  @Override
  public RDD<InternalRow> doExecute() {
    RDD<InternalRow> rows =
        child
            .execute()
            .mapPartitionsWithIndex(
                new CallsOfPartition(Scala.list(calls), child.output(), output(), counted()),
                false,
                ClassTag.apply(InternalRow.class));
    rows.setName(nodeName());
    return rows;
  }

  private synchronized OperatorMetrics counted() {
    OperatorMetrics present = metrics;
    if (present == null) {
      SparkContext context = sparkContext();
      present = OperatorMetrics.register(context);
      metrics = present;
    }
    return present;
  }

  @Override
  public Map<String, SQLMetric> metrics() {
    return counted().byName();
  }

  @Override
  public String nodeName() {
    return Scala.list(calls).stream()
        .map(call -> call.work().label())
        .distinct()
        .collect(Collectors.joining(", "));
  }

  @Override
  public Seq<Attribute> output() {
    return ModelCalls.output(child.output(), results);
  }

  @Override
  public AttributeSet producedAttributes() {
    return AttributeSet.apply(Scala.<Expression>wider(results));
  }

  @Override
  public Partitioning outputPartitioning() {
    return child.outputPartitioning();
  }

  @Override
  public Seq<SortOrder> outputOrdering() {
    return child.outputOrdering();
  }

  @Override
  public Seq<SparkPlan> children() {
    return Scala.seq(List.of(child));
  }

  @Override
  public SparkPlan withNewChildrenInternal(IndexedSeq<SparkPlan> children) {
    return new ModelCallsExec(calls, results, children.apply(0));
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
    return other instanceof ModelCallsExec;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ModelCallsExec plan
        && calls.equals(plan.calls)
        && results.equals(plan.results)
        && child.equals(plan.child);
  }

  @Override
  public int hashCode() {
    return super.hashCode();
  }
}
