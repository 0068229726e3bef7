package org.bitnetj.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.lit;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.bitnetj.generate.GenerationListener;
import org.bitnetj.generate.GenerationOptions;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;
import org.bitnetj.generate.Session;
import org.jspecify.annotations.Nullable;

/**
 * Rows per second of {@link BitNet#complete}, against functions that call the library row by row:
 * one opens a session for each row, the other keeps one for each thread, which computes again what
 * a prompt does not share with the one before it. All share one model, which keeps keys and values
 * of closed sessions as by default and computes with a thread on each processor, whatever the
 * number of tasks at a time: with one task there is one row at a time for the functions, with
 * several these share the model's steps. Each round has prompts of its own; all draw by the same
 * seeds and give the same texts. Run by {@code mvn -pl java/spark -am test -Pthroughput -DskipTests
 * -Dthroughput="FILE ROWS TOKENS ROUNDS TASKS"}.
 */
final class Throughput {
  private static final String INSTRUCTION =
      "You read reviews of a shop and say in a few words what their writers liked, what they did"
          + " not like, and whether they would come again. Answer in one short sentence that names"
          + " the product, the reason and the mood of the writer. Do not repeat the review, do not"
          + " add advice, and do not mention numbers. If the review says nothing about a product,"
          + " say that it does not. If it is not in English, answer in English all the same. Review"
          + " number ";

  private final SparkSession spark;
  private final String file;
  private final int rows;
  private final int tokens;

  private Throughput(SparkSession spark, String file, int rows, int tokens) {
    this.spark = spark;
    this.file = file;
    this.rows = rows;
    this.tokens = tokens;
  }

  /** A model of this JVM, as a function's class would keep it. */
  private static final class RowByRow {
    private static @Nullable LanguageModel model;
    private static final ThreadLocal<@Nullable Session> KEPT = new ThreadLocal<>();

    static synchronized LanguageModel model(String file) {
      LanguageModel loaded = model;
      if (loaded == null) {
        try {
          loaded = LanguageModel.load(Path.of(file), LoadOptions.defaults());
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        model = loaded;
      }
      return loaded;
    }

    static String opened(String file, String prompt, int tokens) {
      try (Session session = model(file).openSession()) {
        return generate(session, prompt, tokens);
      }
    }

    static String kept(String file, String prompt, int tokens) {
      Session session = KEPT.get();
      if (session == null) {
        session = model(file).openSession();
        KEPT.set(session);
      }
      return generate(session, prompt, tokens);
    }

    private static String generate(Session session, String prompt, int tokens) {
      GenerationOptions options =
          GenerationOptions.defaults().withMaxTokens(tokens).withSeed(Completion.seed(0, prompt));
      return session.generate(prompt, options, GenerationListener.NONE).text();
    }
  }

  private static Column call(UDF1<String, String> function) {
    UserDefinedFunction called = functions.udf(function, DataTypes.StringType);
    return called.asNondeterministic().apply(col("prompt"));
  }

  private List<Row> run(Column column, long from, int count) {
    Dataset<Row> prompts =
        spark
            .range(from, from + count, 1, 2)
            .select(concat(lit(INSTRUCTION), col("id"), lit(": it was")).as("prompt"));
    return prompts.select(column.as("text")).collectAsList();
  }

  /** Rows per second and their texts. */
  private record Run(double rate, List<Row> texts) {}

  private Run timed(Column column, long from) {
    long start = System.nanoTime();
    List<Row> texts = run(column, from, rows);
    return new Run(rows * 1e9 / (System.nanoTime() - start), texts);
  }

  private void compare(int rounds) {
    String model = file;
    int most = tokens;
    CompletionOptions options =
        CompletionOptions.of(file).withMaxTokens(tokens).withTemperature(0.8);
    List<String> names =
        List.of("BitNet.complete", "UDF, a session a row", "UDF, a session a thread");
    List<Column> columns =
        List.of(
            BitNet.complete(col("prompt"), options).getField("text"),
            call(prompt -> RowByRow.opened(model, prompt, most)),
            call(prompt -> RowByRow.kept(model, prompt, most)));
    columns.forEach(column -> run(column, (long) rounds * rows, 4)); // loads and warms up
    List<List<Double>> rates = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    for (int round = 0; round < rounds; round++) {
      long from = (long) round * rows;
      List<Run> runs = columns.stream().map(column -> timed(column, from)).toList();
      for (int i = 0; i < runs.size(); i++) {
        assertEquals(runs.getFirst().texts, runs.get(i).texts, "every way gives the same texts");
        rates.get(i).add(runs.get(i).rate);
      }
    }
    for (int i = 0; i < columns.size(); i++) {
      List<Double> sorted = rates.get(i).stream().sorted().toList();
      System.out.printf(
          "%-24s %8.2f rows/s (%.2f to %.2f)%n",
          names.get(i), sorted.get(rounds / 2), sorted.getFirst(), sorted.getLast());
      List<Double> ours = rates.getFirst();
      List<Double> theirs = rates.get(i);
      double[] ratios = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        ratios[round] = ours.get(round) / theirs.get(round);
      }
      java.util.Arrays.sort(ratios);
      System.out.printf("%-24s %8.2f times as fast (median)%n", "", ratios[rounds / 2]);
    }
  }

  public static void main(String[] args) throws IOException {
    if (args.length != 5 || Integer.parseInt(args[3]) % 2 == 0) { // of a pair there is no median
      throw new IllegalArgumentException("Give FILE ROWS TOKENS ROUNDS TASKS, ROUNDS odd.");
    }
    try (SparkSession spark =
        LocalSpark.builder("local[" + Integer.parseInt(args[4]) + "]").getOrCreate()) {
      new Throughput(spark, args[0], Integer.parseInt(args[1]), Integer.parseInt(args[2]))
          .compare(Integer.parseInt(args[3]));
    }
  }
}
