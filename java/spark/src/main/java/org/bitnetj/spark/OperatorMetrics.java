package org.bitnetj.spark;

import java.io.Serializable;
import java.util.LinkedHashMap;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.execution.metric.SQLMetrics;
import scala.collection.immutable.Map;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The counts that Spark's SQL tab shows for an operator, while it works.
 *
 * @param rows that have a result
 * @param errors rows whose result is an error
 * @param promptTokens of prompts, or of embedded texts
 * @param cachedTokens of prompts that were not computed
 * @param generatedTokens of texts
 */
record OperatorMetrics(
    SQLMetric rows,
    SQLMetric errors,
    SQLMetric promptTokens,
    SQLMetric cachedTokens,
    SQLMetric generatedTokens)
    implements Serializable {
  static OperatorMetrics register(SparkContext context) {
    return new OperatorMetrics(
        SQLMetrics.createMetric(context, "number of output rows"),
        SQLMetrics.createMetric(context, "errors"),
        SQLMetrics.createMetric(context, "prompt tokens"),
        SQLMetrics.createMetric(context, "cached prompt tokens"),
        SQLMetrics.createMetric(context, "generated tokens"));
  }

  Map<String, SQLMetric> byName() {
    java.util.Map<String, SQLMetric> named = new LinkedHashMap<>();
    named.put("numOutputRows", rows);
    named.put("errors", errors);
    named.put("promptTokens", promptTokens);
    named.put("cachedPromptTokens", cachedTokens);
    named.put("generatedTokens", generatedTokens);
    return Map.from(CollectionConverters.asScala(named));
  }

  /** Counts the result of a call; in the task's thread. */
  void add(RowResult result) {
    errors.add(result.failed() ? 1 : 0);
    promptTokens.add(result.promptTokens());
    cachedTokens.add(result.cachedTokens());
    generatedTokens.add(result.generatedTokens());
  }
}
