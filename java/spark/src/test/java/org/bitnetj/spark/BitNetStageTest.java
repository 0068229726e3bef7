package org.bitnetj.spark;

import static org.apache.spark.sql.functions.col;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.feature.Normalizer;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BitNetStageTest {
  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark = LocalSpark.start();
  }

  private static BitNetCompleter completer() {
    return new BitNetCompleter()
        .setModel(LocalSpark.model())
        .setMaxTokens(6)
        .setTemperature(1)
        .setSeed(5)
        .setStopStrings("\n");
  }

  @Test
  void aPipelineCompletesEmbedsAndUsesTheVectors(@TempDir Path folder) throws Exception {
    Dataset<Row> prompts = LocalSpark.prompts(spark, 3, 1);
    Pipeline pipeline =
        new Pipeline()
            .setStages(
                new PipelineStage[] {
                  completer(),
                  new BitNetEmbedder().setModel(LocalSpark.model()).setInputCol("completion"),
                  new Normalizer().setInputCol("embedding").setOutputCol("normal").setP(1)
                });
    PipelineModel model = pipeline.fit(prompts);
    List<Row> rows = LocalSpark.collect(model.transform(prompts));
    String saved = folder.resolve("pipeline").toString();
    model.save(saved);
    assertEquals(rows, LocalSpark.collect(PipelineModel.load(saved).transform(prompts)));
    Dataset<Row> same =
        prompts.select(
            col("id"),
            BitNet.complete(
                    col("prompt"),
                    LocalSpark.options()
                        .withMaxTokens(6)
                        .withTemperature(1)
                        .withSeed(5)
                        .withStopStrings(List.of("\n")))
                .getField("text")
                .as("text"));
    List<Row> columns = LocalSpark.collect(same);
    for (int i = 0; i < rows.size(); i++) {
      assertEquals(columns.get(i).<String>getAs("text"), rows.get(i).getAs("completion"));
      assertNull(rows.get(i).getAs("completion_error"));
      Vector vector = rows.get(i).getAs("embedding");
      assertEquals(1, Vectors.norm(vector, 2), 1e-5);
      assertEquals(1, Vectors.norm(rows.get(i).getAs("normal"), 1), 1e-5);
    }
  }

  @Test
  void errorsAreAColumnAndNullsStay() {
    Dataset<Row> texts =
        spark
            .range(3)
            .withColumn(
                "text",
                functions
                    .when(col("id").equalTo(0), "The sun")
                    .when(col("id").equalTo(1), "a long story ".repeat(300)));
    List<Row> rows =
        LocalSpark.collect(
            new BitNetEmbedder()
                .setModelPath(ShippedModel.path().toString())
                .setErrorCol("problem")
                .transform(texts));
    assertNotNull(rows.get(0).getAs("embedding"));
    assertNull(rows.get(1).getAs("embedding"));
    assertTrue(rows.get(1).<String>getAs("problem").contains("512"));
    assertNull(rows.get(2).getAs("embedding"));
    assertNull(rows.get(2).getAs("problem"));
    assertEquals(
        List.of("id", "text", "embedding", "problem"), List.of(rows.get(0).schema().fieldNames()));
  }

  @Test
  void aStageIsPlannedByTheSessionOfItsTable() {
    Dataset<Row> prompts = LocalSpark.prompts(spark.newSession(), 1, 1);
    Row row = completer().transform(prompts).first();
    assertNotNull(row.getAs("completion"));
  }

  @Test
  void wrongColumnsAndParametersAreNamed() {
    Dataset<Row> prompts = LocalSpark.prompts(spark, 1, 1);
    refused("there is no column x", () -> completer().setInputCol("x").transform(prompts));
    refused("must be strings", () -> completer().setInputCol("id").transform(prompts));
    refused("already", () -> completer().setOutputCol("id").transform(prompts));
    refused("already", () -> completer().setOutputCol("Id").transform(prompts));
    refused("modelPath is not set", () -> new BitNetCompleter().transform(prompts));
    refused("temperature", () -> completer().setTemperature(-1).transform(prompts));
  }

  private static void refused(String words, Runnable what) {
    String message = assertThrows(IllegalArgumentException.class, what::run).getMessage();
    assertTrue(message.contains(words), message);
  }
}
