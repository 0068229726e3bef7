package org.bitnetj.spark;

import static org.apache.spark.sql.functions.col;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.Session;
import org.bitnetj.option.SamplingOptions;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.Test;

class ClusterTest {
  /** Two executors, each a process of its own. */
  @Test
  void executorsGiveWhatTheLibraryGives() throws Exception {
    Files.createDirectories(Path.of(System.getenv("SPARK_HOME"), "jars"));
    LocalSpark.stop();
    List<Row> rows;
    try (SparkSession spark =
        LocalSpark.builder("local-cluster[2,1,512]")
            .config("spark.executor.memory", "512m")
            .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
            .getOrCreate()) {
      BitNetMetrics metrics = BitNetMetrics.register(spark.sparkContext(), "cluster");
      CompletionOptions options =
          LocalSpark.options().withTemperature(1).withSeed(3).withMetrics(metrics);
      rows =
          LocalSpark.collect(
              LocalSpark.prompts(spark, 8, 4)
                  .withColumn("answer", BitNet.complete(col("prompt"), options)));
      assertEquals(8, metrics.rows());
      assertEquals(8 * 8, metrics.generatedTokens());
    }
    SamplingOptions drawn = SamplingOptions.defaults().withTemperature(1);
    GenerationOptions options = GenerationOptions.defaults().withSampling(drawn).withMaxTokens(8);
    try (LanguageModel model = LanguageModel.load(ShippedModel.path());
        Session session = model.openSession()) {
      for (Row row : rows) {
        String prompt = row.getAs("prompt");
        GenerationOptions own = options.withSeed(Completion.seed(3, prompt));
        assertEquals(
            session.generate(prompt, own, GenerationListener.NONE).text(),
            row.<Row>getAs("answer").getAs("text"));
      }
    }
  }
}
