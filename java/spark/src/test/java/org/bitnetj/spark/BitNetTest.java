package org.bitnetj.spark;

import static org.apache.spark.sql.functions.callUDF;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bitnetj.chat.ChatMessage;
import org.bitnetj.generate.EmbeddingModel;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.GenerationResult;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.Session;
import org.bitnetj.testkit.ShippedModel;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Columns in local mode. */
class BitNetTest {
  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark = LocalSpark.start();
  }

  private static CompletionOptions options() {
    return LocalSpark.options();
  }

  private static Dataset<Row> texts(String... texts) {
    List<Row> rows =
        IntStream.range(0, texts.length)
            .mapToObj(i -> RowFactory.create((long) i, texts[i]))
            .toList();
    StructType schema =
        new StructType().add("id", DataTypes.LongType).add("prompt", DataTypes.StringType);
    return spark.createDataFrame(rows, schema);
  }

  private static List<Row> completed(int partitions, CompletionOptions options) {
    return LocalSpark.collect(
        LocalSpark.prompts(spark, 24, partitions)
            .withColumn("answer", BitNet.complete(col("prompt"), options)));
  }

  @Test
  void theTextOfARowIsWhatTheLibraryGivesForItAlone() throws Exception {
    List<Row> rows = completed(2, options());
    try (LanguageModel model = LanguageModel.load(ShippedModel.path());
        Session session = model.openSession()) {
      for (Row row : rows) {
        GenerationOptions greedy = GenerationOptions.greedy().withMaxTokens(8);
        String text =
            session.generate(row.<String>getAs("prompt"), greedy, GenerationListener.NONE).text();
        Row answer = row.getAs("answer");
        assertEquals(text, answer.getAs("text"));
        assertNull(answer.getAs("error"));
        assertEquals("length", answer.getAs("finish_reason"));
        assertEquals(8, answer.<Integer>getAs("generated_tokens"));
      }
    }
  }

  @Test
  void aColumnIsTheSameUnderAnyPartitioning() {
    for (CompletionOptions options : List.of(options(), options().withTemperature(1).withSeed(7))) {
      List<Row> one = completed(1, options);
      assertEquals(24, one.size());
      assertEquals(one, completed(3, options));
      assertEquals(one, completed(8, options));
    }
  }

  @Test
  void aRowsDrawsComeFromTheSeedAndItsPrompt() {
    CompletionOptions drawn = options().withTemperature(1);
    List<Row> one = completed(2, drawn.withSeed(1));
    assertNotEquals(one, completed(2, drawn.withSeed(2)));
    Dataset<Row> twice =
        texts("Once upon a time", "Once upon a time", "The sun")
            .select(col("id"), BitNet.complete(col("prompt"), drawn).getField("text"));
    List<Row> rows = LocalSpark.collect(twice);
    assertEquals(rows.get(0).getString(1), rows.get(1).getString(1));
  }

  @Test
  void aTaskThatIsTriedAgainGivesTheSame() {
    Dataset<Row> prompts = LocalSpark.prompts(spark, 24, 3);
    Dataset<Row> failing =
        prompts
            .withColumn("answer", BitNet.complete(col("prompt"), options()))
            .mapPartitions(
                (MapPartitionsFunction<Row, Row>)
                    rows -> {
                      if (TaskContext.get().attemptNumber() == 0 && rows.hasNext()) {
                        rows.next();
                        throw new IllegalStateException("on purpose");
                      }
                      return rows;
                    },
                Encoders.row(prompts.schema().add("answer", options().resultType(), true)));
    assertEquals(completed(1, options()), LocalSpark.collect(failing));
  }

  @Test
  void aRowThatCannotBeComputedHasASentenceAndFailsNothing() {
    String endless = "a long story ".repeat(300);
    List<Row> rows =
        LocalSpark.collect(
            texts("Once upon a time", endless, null, "The sun")
                .withColumn("answer", BitNet.complete(col("prompt"), options()))
                .withColumn("embedding", BitNet.embed(col("prompt"), embedding())));
    for (int good : new int[] {0, 3}) {
      assertNotNull(rows.get(good).<Row>getAs("answer").getAs("text"));
      assertNull(rows.get(good).<Row>getAs("answer").getAs("error"));
      assertNull(rows.get(good).<Row>getAs("embedding").getAs("error"));
    }
    Row answer = rows.get(1).getAs("answer");
    assertNull(answer.getAs("text"));
    assertNull(answer.getAs("generated_tokens"));
    String error = answer.getAs("error");
    assertTrue(error.contains("512") && error.contains("shorten the prompt"), error);
    Row embedding = rows.get(1).getAs("embedding");
    assertNull(embedding.getAs("vector"));
    assertTrue(embedding.<String>getAs("error").contains("512"));
    assertNull(rows.get(2).getAs("answer"));
    assertNull(rows.get(2).getAs("embedding"));
  }

  private static EmbeddingOptions embedding() {
    return EmbeddingOptions.of(LocalSpark.model());
  }

  @Test
  void vectorsAreTheLibrarysUnderAnyPartitioning() throws Exception {
    List<List<Row>> columns =
        IntStream.of(1, 3, 8)
            .mapToObj(
                partitions ->
                    LocalSpark.collect(
                        LocalSpark.prompts(spark, 12, partitions)
                            .withColumn("e", BitNet.embed(col("prompt"), embedding()))))
            .toList();
    assertEquals(columns.get(0), columns.get(1));
    assertEquals(columns.get(0), columns.get(2));
    try (EmbeddingModel model = EmbeddingModel.load(ShippedModel.path())) {
      for (Row row : columns.get(0)) {
        List<Float> vector = row.<Row>getAs("e").getList(0);
        float[] alone = model.embed(row.<String>getAs("prompt"));
        assertEquals(alone.length, vector.size());
        for (int i = 0; i < alone.length; i++) {
          assertEquals(alone[i], vector.get(i));
        }
      }
    }
  }

  @Test
  void aSharedBeginningIsComputedOnceAndAllIsCounted() {
    BitNetMetrics metrics = BitNetMetrics.register(spark.sparkContext(), "stories");
    String tale = "Once upon a time a dog and a cat went to the river to catch a fish. ".repeat(8);
    Dataset<Row> rows =
        LocalSpark.prompts(spark, 16, 4)
            .withColumn("prompt", concat(lit(tale), col("prompt")))
            .withColumn("answer", BitNet.complete(col("prompt"), options().withMetrics(metrics)));
    List<Row> answers = LocalSpark.collect(rows);
    int prompt = answers.getFirst().<Row>getAs("answer").<Integer>getAs("prompt_tokens");
    long all =
        answers.stream()
            .mapToLong(row -> row.<Row>getAs("answer").<Integer>getAs("prompt_tokens"))
            .sum();
    assertEquals(16, metrics.rows());
    assertEquals(0, metrics.errors());
    assertEquals(all, metrics.promptTokens());
    assertEquals(16 * 8, metrics.generatedTokens());
    long computed = metrics.promptTokens() - metrics.cachedPromptTokens();
    // All of one prompt, and of each other one what comes after the number.
    assertTrue(
        computed <= prompt + 15 * 8,
        () -> "%d of %d prompt tokens were computed".formatted(computed, all));
  }

  @Test
  void errorsAreCountedByTheAccumulators() {
    BitNetMetrics metrics = BitNetMetrics.register(spark.sparkContext(), "errors");
    texts("The sun", "a long story ".repeat(300), null)
        .withColumn("answer", BitNet.complete(col("prompt"), options().withMetrics(metrics)))
        .collectAsList();
    assertEquals(3, metrics.rows());
    assertEquals(1, metrics.errors());
    assertTrue(metrics.toString().contains("3 rows, 1 errors"), metrics.toString());
  }

  @Test
  void severalColumnsOfTwoModelsAreComputedTogether() {
    CompletionOptions one = options();
    CompletionOptions other = options().withModel(LocalSpark.model().withThreads(1));
    completed(1, one);
    int models = SharedModel.count();
    List<Row> rows =
        LocalSpark.collect(
            LocalSpark.prompts(spark, 6, 2)
                .withColumn("one", BitNet.complete(col("prompt"), one))
                .withColumn("other", BitNet.complete(col("prompt"), other)));
    rows.forEach(row -> assertEquals(row.<Row>getAs("one"), row.<Row>getAs("other")));
    assertEquals(models + 1, SharedModel.count());
  }

  @Test
  void theAnswerToAnAnswerIsAColumnToo() {
    List<Row> rows =
        LocalSpark.collect(
            LocalSpark.prompts(spark, 4, 2)
                .select(
                    col("id"),
                    BitNet.complete(
                            BitNet.complete(col("prompt"), options()).getField("text"), options())
                        .getField("text")
                        .as("twice")));
    List<Row> apart =
        LocalSpark.collect(
            LocalSpark.prompts(spark, 4, 2)
                .withColumn("once", BitNet.complete(col("prompt"), options()).getField("text"))
                .select(
                    col("id"),
                    BitNet.complete(col("once"), options()).getField("text").as("twice")));
    assertEquals(apart, rows);
  }

  @Test
  void aFilterOnResultsKeepsThemComputedOnce() {
    BitNetMetrics metrics = BitNetMetrics.register(spark.sparkContext(), "filter");
    List<Row> rows =
        LocalSpark.prompts(spark, 6, 2)
            .withColumn("answer", BitNet.complete(col("prompt"), options().withMetrics(metrics)))
            .filter(col("answer.error").isNull().and(col("answer.text").isNotNull()))
            .select("answer.text", "answer.generated_tokens")
            .collectAsList();
    assertEquals(6, rows.size());
    assertEquals(6, metrics.rows());
    assertEquals(
        6,
        LocalSpark.prompts(spark, 6, 2)
            .filter(BitNet.complete(col("prompt"), options()).getField("error").isNull())
            .count());
  }

  @Test
  void aConditionInThePromptSavesTheWork() {
    BitNetMetrics metrics = BitNetMetrics.register(spark.sparkContext(), "condition");
    List<Row> rows =
        LocalSpark.collect(
            LocalSpark.prompts(spark, 6, 2)
                .withColumn(
                    "answer",
                    BitNet.complete(
                        when(col("id").lt(2), col("prompt")), options().withMetrics(metrics))));
    assertEquals(4, rows.stream().filter(row -> row.isNullAt(2)).count());
    assertEquals(2 * 8, metrics.generatedTokens());
  }

  @Test
  void sqlAndOtherSessionsComputeColumnsByTheExtension() {
    LocalSpark.prompts(spark, 3, 1)
        .withColumn("answer", BitNet.complete(col("prompt"), options()))
        .createOrReplaceTempView("answers");
    assertEquals(
        3, spark.sql("SELECT answer.text FROM answers WHERE answer.error IS NULL").count());
    SparkSession other = spark.newSession();
    Dataset<Row> unplanned =
        LocalSpark.prompts(other, 3, 1)
            .select(BitNet.complete(col("prompt"), options()).getField("text"));
    String message = messages(assertThrows(Exception.class, unplanned::collectAsList));
    assertTrue(
        message.contains("spark.sql.extensions=" + BitNetExtensions.class.getName()), message);
  }

  private static String messages(Throwable e) {
    StringBuilder all = new StringBuilder();
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      all.append(cause.getMessage()).append('\n');
    }
    return all.toString();
  }

  @Test
  void aModelThatIsNotThereFailsTheJobWithASentence() {
    Dataset<Row> rows = texts("The sun").select(BitNet.complete(col("prompt"), "/no/such.gguf"));
    String message = messages(assertThrows(Exception.class, rows::collectAsList));
    assertTrue(message.contains("/no/such.gguf is not on host"), message);
    assertTrue(message.contains("addFile"), message);
  }

  @Test
  void aModelThatSparkDistributesIsNamedByItsFile() {
    spark.sparkContext().addFile(ShippedModel.path().toString());
    CompletionOptions byName =
        options().withModel(BitNetModel.of(ShippedModel.path().getFileName().toString()));
    List<Row> rows =
        texts("The sun").select(BitNet.complete(col("prompt"), byName)).collectAsList();
    assertNotNull(rows.getFirst().<Row>getAs(0).getAs("text"));
  }

  @Test
  void numbersMustBeCastToStrings() {
    AnalysisException refused =
        assertThrows(
            AnalysisException.class,
            () -> spark.range(1).select(BitNet.complete(col("id"), options())));
    assertTrue(refused.getMessage().contains("takes a string, not bigint"), refused.getMessage());
  }

  @Test
  void aChatIsAnsweredInTheTemplatesFormat() {
    CompletionOptions chat =
        options()
            .withModel(LocalSpark.model().withChatTemplate(ShippedModel.TEMPLATE))
            .withSystem("Be brief.");
    Row answer =
        texts("Who are you?").select(BitNet.complete(col("prompt"), chat)).first().getStruct(0);
    try (LanguageModel model = ShippedModel.load();
        Session session = model.openSession()) {
      GenerationResult alone =
          session.chat(
              List.of(ChatMessage.system("Be brief."), ChatMessage.user("Who are you?")),
              GenerationOptions.greedy().withMaxTokens(8),
              GenerationListener.NONE);
      assertEquals(alone.text(), answer.getAs("text"));
      assertEquals(alone.stats().promptTokens(), answer.<Integer>getAs("prompt_tokens"));
    }
  }

  @Test
  void textsAreHeldToASchema() {
    CompletionOptions held =
        options().withMaxTokens(20).withJsonSchema("{\"enum\": [\"glad\", \"sad\"]}");
    Set<String> said =
        LocalSpark.prompts(spark, 6, 2)
            .select(BitNet.complete(col("prompt"), held).getField("text"))
            .collectAsList()
            .stream()
            .map(row -> row.getString(0))
            .collect(Collectors.toCollection(HashSet::new));
    assertFalse(said.isEmpty());
    said.removeAll(Set.of("\"glad\"", "\"sad\""));
    assertEquals(Set.of(), said);
  }

  @Test
  void rowByRowFunctionsStillWorkBesideIt() {
    spark
        .udf()
        .register("words", (UDF1<String, Integer>) s -> s.split(" ").length, DataTypes.IntegerType);
    List<Row> rows =
        LocalSpark.prompts(spark, 3, 1)
            .select(
                callUDF("words", BitNet.complete(col("prompt"), options()).getField("text"))
                    .as("n"))
            .collectAsList();
    rows.forEach(row -> assertTrue(row.getInt(0) > 0));
  }
}
