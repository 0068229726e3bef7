package org.bitnetj.spark;

import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.bitnetj.testkit.ShippedModel;
import scala.Option;

/** Spark in the test's JVM, and what tests ask of it. */
final class LocalSpark {
  private LocalSpark() {}

  /** One session for all classes of tests: two tasks at a time, each of which may fail once. */
  static SparkSession start() {
    return builder("local[2,2]").getOrCreate();
  }

  /** For a test that needs a session of another kind. */
  static void stop() {
    Option<SparkSession> present = SparkSession.getDefaultSession();
    if (present.isDefined()) {
      present.get().stop();
    }
  }

  static SparkSession.Builder builder(String master) {
    return SparkSession.builder()
        .master(master)
        .appName("test")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1");
  }

  /** The shipped model, with few rows at a time. */
  static BitNetModel model() {
    return BitNetModel.of(ShippedModel.path().toString()).withRowsTogether(8);
  }

  static CompletionOptions options() {
    return CompletionOptions.of(model()).withMaxTokens(8);
  }

  /** Numbered prompts that begin alike. */
  static Dataset<Row> prompts(SparkSession spark, int count, int partitions) {
    return spark
        .range(0, count, 1, partitions)
        .select(
            functions.col("id"),
            functions
                .concat(
                    functions.lit("Once upon a time there was a little girl who had "),
                    functions.col("id"),
                    functions.lit(" cats. She"))
                .as("prompt"));
  }

  /** The rows in the order of their numbers. */
  static List<Row> collect(Dataset<Row> rows) {
    return rows.orderBy("id").collectAsList();
  }
}
