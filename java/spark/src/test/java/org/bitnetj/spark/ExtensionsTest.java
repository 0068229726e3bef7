package org.bitnetj.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sessions that are made with the property spark.sql.extensions. */
class ExtensionsTest {
  @AfterAll
  static void stop() {
    LocalSpark.stop();
  }

  private static Dataset<Row> answers(SparkSession spark, String table) {
    return spark
        .read()
        .parquet(table)
        .filter(
            BitNet.complete(col("prompt"), LocalSpark.options())
                .getField("error")
                .isNull()
                .and(col("id").geq(2)))
        .withColumn("answer", BitNet.complete(col("prompt"), LocalSpark.options()))
        .select("id", "answer")
        .limit(3);
  }

  /** Without numbers of expressions, which differ between queries. */
  private static String plan(Dataset<Row> rows) {
    return PlanTest.plan(rows).replaceAll("#\\d+L?", "").replaceAll("plan_id=\\d+", "");
  }

  @Test
  void theyPlanAndAnswerAsOthersDo(@TempDir Path folder) {
    String table = folder.resolve("table").toString();
    SparkSession taught = LocalSpark.start();
    LocalSpark.prompts(taught, 8, 1).withColumn("page", lit("long")).write().parquet(table);
    Dataset<Row> expected = answers(taught, table);
    List<Row> rows = expected.collectAsList();
    assertEquals(3, rows.size());
    String plan = plan(expected);
    LocalSpark.stop();

    SparkSession spark =
        LocalSpark.builder("local[2,2]")
            .config("spark.sql.extensions", BitNetExtensions.class.getName())
            .getOrCreate();
    Dataset<Row> same = answers(spark, table);
    assertEquals(rows, same.collectAsList());
    assertEquals(plan, plan(same));
    assertEquals(0, spark.experimental().extraStrategies().size(), "it is taught once");

    BitNetMetrics metrics = BitNetMetrics.register(spark.sparkContext(), "dropped");
    Dataset<Row> dropped =
        spark
            .read()
            .parquet(table)
            .withColumn(
                "answer", BitNet.complete(col("prompt"), LocalSpark.options().withMetrics(metrics)))
            .filter(col("id").lt(5))
            .drop("answer");
    assertEquals(5, dropped.collectAsList().size());
    assertEquals(0, metrics.rows());
    assertFalse(PlanTest.plan(dropped).contains("BitNet"), () -> PlanTest.plan(dropped));

    BitNetMetrics read = BitNetMetrics.register(spark.sparkContext(), "read");
    long gone =
        LocalSpark.prompts(spark.newSession(), 4, 1)
            .select(
                BitNet.complete(col("prompt"), LocalSpark.options().withMetrics(read))
                    .getField("text")
                    .as("text"))
            .filter(col("text").isNotNull())
            .count();
    assertEquals(4, gone);
    assertTrue(read.rows() == 4, read::toString);
  }
}
