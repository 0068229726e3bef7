package org.bitnetj.spark;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.plans.logical.LocalLimit;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.rules.Rule;
import scala.Option;

/**
 * Spares {@link ModelCalls} what a plan does not use: rows beyond a limit above them, and results
 * that no one reads.
 */
final class PruneCalls extends Rule<LogicalPlan> {
  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    return plan.transformDown(Scala.function(LogicalPlan.class, PruneCalls::prune));
  }

  private static LogicalPlan prune(LogicalPlan plan) {
    return switch (plan) {
      case LocalLimit limit
          when limit.limitExpr() instanceof Literal literal
              && literal.value() instanceof Integer rows ->
          limit.withNewChildren(
              Scala.seq(List.of(limited(limit.child(), limit.limitExpr(), rows))));
      case Project project when project.child() instanceof ModelCalls calls ->
          project.withNewChildren(Scala.seq(List.of(read(calls, project))));
      default -> plan;
    };
  }

  /**
   * Puts the limit below calls too: they and projections give a row for each one, in its order.
   * Otherwise many rows would be under way when the limit has its own.
   */
  private static LogicalPlan limited(LogicalPlan plan, Expression limit, int rows) {
    return switch (plan) {
      case Project project ->
          project.withNewChildren(Scala.seq(List.of(limited(project.child(), limit, rows))));
      case ModelCalls calls when mayExceed(calls.child(), rows) ->
          calls.withNewChildren(Scala.seq(List.of(new LocalLimit(limit, calls.child()))));
      default -> plan;
    };
  }

  private static boolean mayExceed(LogicalPlan plan, long rows) {
    Option<Object> most = plan.maxRowsPerPartition();
    return most.isEmpty() || (Long) most.get() > rows;
  }

  /** The calls whose results a projection reads. */
  private static LogicalPlan read(ModelCalls plan, Project above) {
    List<ModelCall> calls = new ArrayList<>();
    List<Attribute> results = new ArrayList<>();
    for (int i = 0; i < plan.results().size(); i++) {
      Attribute result = plan.results().apply(i);
      if (above.references().contains(result)) {
        calls.add(plan.calls().apply(i));
        results.add(result);
      }
    }
    if (results.isEmpty()) {
      return plan.child();
    }
    return results.size() == plan.results().size()
        ? plan
        : new ModelCalls(Scala.seq(calls), Scala.seq(results), plan.child());
  }
}
