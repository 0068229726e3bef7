package org.bitnetj.spark;

import java.util.List;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.execution.SparkStrategy;
import scala.collection.immutable.Seq;

/** Plans {@link ModelCalls}. */
final class CallsStrategy extends SparkStrategy {
  @Override
  public Seq<SparkPlan> apply(LogicalPlan plan) {
    return plan instanceof ModelCalls calls
        ? Scala.seq(
            List.of(new ModelCallsExec(calls.calls(), calls.results(), planLater(calls.child()))))
        : Scala.seq(List.of());
  }
}
