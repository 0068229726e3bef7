package org.bitnetj.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.spark.sql.ExperimentalMethods;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.optimizer.ColumnPruning$;
import org.apache.spark.sql.catalyst.optimizer.RemoveNoopOperators$;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Teaches Spark's planner the columns of {@link BitNet}. They do so themselves for the session that
 * is active when they are made, and stages of pipelines for that of their table; where another one
 * plans the query, set {@code spark.sql.extensions} to this class's name.
 */
public final class BitNetExtensions extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {
  /** For Spark, which makes one by its class's name. */
  public BitNetExtensions() {}

  /**
   * Adds rules and a strategy to the sessions that are made with these extensions.
   *
   * @param extensions of Spark
   * @return nothing
   */
  @Override
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    Objects.requireNonNull(extensions, "extensions is null");
    extensions.injectOptimizerRule(session -> new ExtractCalls());
    extensions.injectOptimizerRule(session -> new PruneCalls());
    extensions.injectPlannerStrategy(session -> new CallsStrategy());
    return BoxedUnit.UNIT;
  }

  /**
   * Does the same for a session that is there, unless it knows the columns. Its rules of this kind
   * come after Spark's own, so columns of tables are pruned again.
   */
  static synchronized void addTo(SparkSession session) {
    ExperimentalMethods methods = session.experimental();
    if (knows(session)) {
      return;
    }
    List<SparkStrategy> strategies = new ArrayList<>(Scala.list(methods.extraStrategies()));
    strategies.add(new CallsStrategy());
    methods.extraStrategies_$eq(Scala.seq(strategies));
    List<Rule<LogicalPlan>> rules = new ArrayList<>(Scala.list(methods.extraOptimizations()));
    rules.add(new ExtractCalls());
    rules.add(new PruneCalls());
    rules.add(ColumnPruning$.MODULE$);
    rules.add(RemoveNoopOperators$.MODULE$);
    methods.extraOptimizations_$eq(Scala.seq(rules));
  }

  private static boolean knows(SparkSession session) {
    return session instanceof org.apache.spark.sql.classic.SparkSession classic
        && Scala.list(classic.sessionState().planner().strategies()).stream()
            .anyMatch(CallsStrategy.class::isInstance);
  }
}
