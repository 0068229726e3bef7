package org.bitnetj.spark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.expressions.And;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.Filter;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.types.Metadata;

/**
 * Takes the calls out of a plan's expressions: what they were in finds their results in columns of
 * {@link ModelCalls} below it. Equal calls of one plan are computed once.
 */
final class ExtractCalls extends Rule<LogicalPlan> {
  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    return plan.transformUp(Scala.function(LogicalPlan.class, ExtractCalls::extract));
  }

  private static LogicalPlan extract(LogicalPlan plan) {
    if (plan instanceof ModelCalls || plan.children().size() != 1) {
      return plan;
    }
    LogicalPlan rewritten = plan instanceof Filter filter ? cheapFirst(filter) : plan;
    for (List<ModelCall> calls = innermost(rewritten);
        !calls.isEmpty();
        calls = innermost(rewritten)) {
      rewritten = extract(rewritten, calls);
    }
    if (rewritten == plan || rewritten.sameOutput(plan)) {
      return rewritten;
    }
    List<NamedExpression> wanted = new ArrayList<>(Scala.list(plan.output()));
    return new Project(Scala.seq(wanted), rewritten);
  }

  /** Splits a condition, so that calls are computed for rows alone that pass the rest of it. */
  private static LogicalPlan cheapFirst(Filter filter) {
    if (innermost(filter).isEmpty()) {
      return filter;
    }
    Map<Boolean, List<Expression>> withCall =
        Scala.list(filter.splitConjunctivePredicates(filter.condition())).stream()
            .collect(Collectors.partitioningBy(part -> collect(part, new ArrayList<>())));
    return withCall.get(false).isEmpty()
        ? filter
        : new Filter(all(withCall.get(true)), new Filter(all(withCall.get(false)), filter.child()));
  }

  private static Expression all(List<Expression> conditions) {
    return conditions.stream().reduce(And::new).orElseThrow();
  }

  private static LogicalPlan extract(LogicalPlan plan, List<ModelCall> calls) {
    Map<ModelCall, Attribute> columns = new LinkedHashMap<>();
    for (ModelCall call : calls) {
      columns.computeIfAbsent(call, ExtractCalls::column);
    }
    LogicalPlan below =
        new ModelCalls(
            Scala.seq(List.copyOf(columns.keySet())),
            Scala.seq(List.copyOf(columns.values())),
            plan.children().head());
    LogicalPlan above = plan.withNewChildren(Scala.seq(List.of(below)));
    return above.transformExpressionsUp(
        Scala.function(
            Expression.class,
            expression ->
                expression instanceof ModelCall call && columns.containsKey(call)
                    ? columns.get(call)
                    : expression));
  }

  private static Attribute column(ModelCall call) {
    return new AttributeReference(
        "result",
        call.dataType(),
        true,
        Metadata.empty(),
        NamedExpression.newExprId(),
        Scala.seq(List.of()));
  }

  /** Calls whose text is there without a call. */
  private static List<ModelCall> innermost(LogicalPlan plan) {
    List<ModelCall> found = new ArrayList<>();
    for (Expression expression : Scala.list(plan.expressions())) {
      collect(expression, found);
    }
    return found;
  }

  /** Adds the calls in an expression whose text is there without one; false if it has none. */
  private static boolean collect(Expression expression, List<ModelCall> found) {
    boolean any = false;
    for (Expression child : Scala.list(expression.children())) {
      any |= collect(child, found);
    }
    if (expression instanceof ModelCall call) {
      if (!any) {
        found.add(call);
      }
      return true;
    }
    return any;
  }
}
