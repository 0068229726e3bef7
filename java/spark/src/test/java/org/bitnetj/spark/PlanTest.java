package org.bitnetj.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.SparkPlan;
import org.bitnetj.generate.ModelStatus;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What of a query is computed. */
class PlanTest {
  private static SparkSession spark;
  private static SharedModel model;

  @BeforeAll
  static void start() {
    spark = LocalSpark.start();
    model = SharedModel.acquire(LocalSpark.model());
  }

  @AfterAll
  static void release() {
    model.release();
  }

  private static ModelStatus status() {
    return model.language().status();
  }

  private static Column error(CompletionOptions options) {
    return BitNet.complete(col("prompt"), options).getField("error");
  }

  static String plan(Dataset<Row> rows) {
    return rows.queryExecution().executedPlan().treeString();
  }

  @Test
  void filesAreReadForTheColumnsThatAreUsed(@TempDir Path folder) {
    String table = folder.resolve("table").toString();
    LocalSpark.prompts(spark, 3, 1)
        .withColumn("lang", lit("en"))
        .withColumn("page", lit("long"))
        .write()
        .parquet(table);
    Dataset<Row> read = spark.read().parquet(table);
    String answers =
        plan(read.select(BitNet.complete(col("prompt"), LocalSpark.options()).as("answer")));
    assertTrue(answers.contains("ReadSchema: struct<prompt:string>"), answers);
    String filtered =
        plan(
            read.filter(error(LocalSpark.options()).isNull().and(col("lang").equalTo("en")))
                .select("prompt"));
    assertTrue(filtered.contains("ReadSchema: struct<prompt:string,lang:string>"), filtered);
    assertTrue(filtered.contains("EqualTo(lang,en)"), filtered);
  }

  @Test
  void aConditionOnOtherColumnsIsTestedBeforeACall() {
    BitNetMetrics metrics = BitNetMetrics.register(spark.sparkContext(), "condition");
    Column some = error(LocalSpark.options().withMetrics(metrics)).isNull().and(col("id").lt(2));
    assertEquals(2, LocalSpark.prompts(spark, 6, 2).filter(some).count());
    assertEquals(2, metrics.rows());
  }

  @Test
  void aLimitComputesItsRowsAlone() {
    Dataset<Row> answers =
        LocalSpark.prompts(spark, 100, 1)
            .withColumn(
                "answer", BitNet.complete(col("prompt"), LocalSpark.options().withMaxTokens(40)))
            .limit(2);
    long before = status().rows();
    List<Row> rows = answers.collectAsList();
    long computed = status().rows() - before;
    int tokens =
        rows.stream()
            .map(row -> row.<Row>getAs("answer"))
            .mapToInt(
                answer ->
                    answer.<Integer>getAs("prompt_tokens")
                        + answer.<Integer>getAs("generated_tokens"))
            .sum();
    assertEquals(2, rows.size());
    assertEquals(0, status().sessions());
    assertTrue(computed <= tokens, () -> "%d tokens computed for %d".formatted(computed, tokens));
  }

  /** Below a filter no limit is known, so rows are under way that nobody wants in the end. */
  @Test
  void rowsThatNobodyWantsAnyMoreAreGivenUp() {
    CompletionOptions long400 = LocalSpark.options().withMaxTokens(400);
    Dataset<Row> some = LocalSpark.prompts(spark, 400, 1).filter(error(long400).isNull()).limit(2);
    long before = status().rows();
    assertEquals(2, some.collectAsList().size());
    assertEquals(0, status().sessions());
    long computed = status().rows() - before;
    assertTrue(computed < 130 * 400, () -> computed + " tokens computed");
  }

  @Test
  @Timeout(60)
  void aCancelledJobEndsWhatIsUnderWay() throws Exception {
    CompletionOptions endless = LocalSpark.options().withMaxTokens(400);
    CompletableFuture<Long> job =
        CompletableFuture.supplyAsync(
            () -> {
              spark.sparkContext().setJobGroup("long", "long texts", false);
              return LocalSpark.prompts(spark, 100_000, 2).filter(error(endless).isNull()).count();
            });
    while (status().sessions() == 0) {
      Thread.sleep(5);
    }
    spark.sparkContext().cancelJobGroup("long");
    assertThrows(ExecutionException.class, () -> job.get(30, TimeUnit.SECONDS));
    while (status().sessions() != 0) {
      Thread.sleep(5);
    }
    assertFalse(status().usedCacheBytes() > 0);
  }

  @Test
  void theOperatorCountsWhatItComputes() {
    Dataset<Row> rows =
        LocalSpark.prompts(spark, 6, 2)
            .withColumn("answer", BitNet.complete(col("prompt"), LocalSpark.options()));
    rows.collectAsList();
    ModelCallsExec operator = operator(rows.queryExecution().executedPlan());
    assertEquals("BitNet complete, tiny-bitnet-stories-i2_s.gguf", operator.nodeName());
    assertEquals(6, operator.metrics().apply("numOutputRows").value());
    assertEquals(6 * 8, operator.metrics().apply("generatedTokens").value());
  }

  private static ModelCallsExec operator(SparkPlan plan) {
    return plan instanceof ModelCallsExec calls ? calls : operator(plan.children().head());
  }
}
