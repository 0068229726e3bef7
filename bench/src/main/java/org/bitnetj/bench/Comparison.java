package org.bitnetj.bench;

import static org.bitnetj.bench.Figures.number;
import static org.bitnetj.bench.Figures.times;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bitnetj.source.Printable;
import org.jspecify.annotations.Nullable;

/**
 * Two results of {@code bitnet bench --format json}, A and B: how many times as fast B is at all
 * that both measured, and what else is different between them.
 */
public final class Comparison {
  /**
   * What both measured.
   *
   * @param overlap whether the repetitions do; null if that is not known
   */
  private record Row(
      Map<String, @Nullable Object> a,
      double speedOfA,
      double speedOfB,
      @Nullable Boolean overlap) {
    double ratio() {
      return speedOfB / speedOfA;
    }

    boolean overlaps() {
      return Boolean.TRUE.equals(overlap);
    }
  }

  /** Values as they are in the files; null if there are none. */
  private record Difference(String name, @Nullable Object a, @Nullable Object b) {}

  private static final String COMMIT = "commit";
  private static final String UNKNOWN = Build.UNKNOWN;

  /** What tells machines and builds from one another, always known if nothing went wrong. */
  private static final List<String> COMPARED =
      List.of("cpu", "processors", "system", "java", "version", COMMIT, "compiler");

  /** What tells how they were run, and models: null means that there is none. */
  private static final List<String> COMPARED_IF_ANY =
      List.of(
          "probe",
          "probe_reads",
          "model",
          "architecture",
          "parameters",
          "file_bytes",
          "ternary_bytes",
          "head_bytes",
          "low_bit_head_bytes",
          "sparse",
          "head",
          "kv_type",
          "step_tokens");

  private static final String[] CHOSEN = {"kernels", "threads"};

  private final SavedReport a;
  private final SavedReport b;
  private final String[] names;
  private final List<Row> rows = new ArrayList<>();
  private final List<Difference> differences = new ArrayList<>();

  /** Names of what may be different without being known. */
  private final List<String> undecided = new ArrayList<>();

  private final List<String> onlyInA = new ArrayList<>();
  private final List<String> onlyInB = new ArrayList<>();

  private Comparison(SavedReport a, SavedReport b) throws IOException {
    this.a = a;
    this.b = b;
    this.names =
        a.schema() == Schema.MODEL
            ? new String[] {"test", "depth", "batch", "kernels", "threads"}
            : new String[] {"operation", "shape", "kernels", "threads"};
    a.require(names);
    b.require(names);
    for (String name : COMPARED) {
      compare(name);
      if (!isDecided(name)) {
        undecided.add(name);
      }
    }
    COMPARED_IF_ANY.forEach(this::compare);
    match();
  }

  private void compare(String name) {
    if (!a.text(name).equals(b.text(name))) {
      differences.add(new Difference(name, a.fields().get(name), b.fields().get(name)));
    }
  }

  /** Whether two texts tell that what they name is the same, or that it is not. */
  private boolean isDecided(String name) {
    String ofA = shown(a.text(name));
    String ofB = shown(b.text(name));
    boolean changed = name.equals(COMMIT) && ofA.equals(ofB) && ofA.endsWith(Build.CHANGED);
    return !ofA.equals(UNKNOWN) && !ofB.equals(UNKNOWN) && !changed;
  }

  /**
   * Reads both.
   *
   * @throws java.nio.file.FileSystemException if one cannot be read or is of another schema, or
   *     they are not of one schema; file and reason make a sentence
   */
  public static Comparison of(Path a, Path b) throws IOException {
    SavedReport first = SavedReport.read(a);
    SavedReport second = SavedReport.read(b);
    if (first.schema() != second.schema()) {
      throw SavedReport.unusable(
          b,
          "it is of schema "
              + second.schema().label()
              + " and "
              + a
              + " of "
              + first.schema().label()
              + ", which have nothing in common");
    }
    return new Comparison(first, second);
  }

  private static String shown(@Nullable Object value) {
    String text = value == null ? "" : value.toString();
    return text.isEmpty() ? UNKNOWN : Printable.of(text, Integer.MAX_VALUE);
  }

  private void match() throws IOException {
    List<String> matched = new ArrayList<>(List.of(names));
    for (String name : CHOSEN) {
      List<String> ofA = a.distinct(name);
      List<String> ofB = b.distinct(name);
      // Another processor has other kernels; where each side has one, they stand for each other.
      if (ofA.size() == 1 && ofB.size() == 1 && !ofA.equals(ofB)) {
        matched.remove(name);
        differences.add(
            new Difference(
                name, a.results().getFirst().get(name), b.results().getFirst().get(name)));
      }
    }
    String[] keys = matched.toArray(String[]::new);
    Map<List<String>, Map<String, @Nullable Object>> left = byKey(b, keys);
    for (var entry : byKey(a, keys).entrySet()) {
      Map<String, @Nullable Object> other = left.remove(entry.getKey());
      if (other == null) {
        onlyInA.add(String.join(", ", entry.getKey()));
      } else {
        Map<String, @Nullable Object> mine = entry.getValue();
        Row row = new Row(mine, speed(a, mine), speed(b, other), overlap(mine, other));
        if (!(row.ratio() > 0) || Double.isInfinite(row.ratio())) {
          throw SavedReport.unusable(
              b.path(),
              "its speeds and those of " + a.path() + " are too far apart for a ratio of them");
        }
        rows.add(row);
      }
    }
    left.keySet().forEach(key -> onlyInB.add(String.join(", ", key)));
  }

  private static Map<List<String>, Map<String, @Nullable Object>> byKey(
      SavedReport report, String... keys) throws IOException {
    Map<List<String>, Map<String, @Nullable Object>> byKey = new LinkedHashMap<>();
    for (Map<String, @Nullable Object> result : report.results()) {
      List<String> key = SavedReport.values(result, keys);
      if (byKey.put(key, result) != null) {
        throw SavedReport.unusable(
            report.path(), "it has two results for " + String.join(", ", key));
      }
    }
    return byKey;
  }

  /** Tokens, or operations, per second. */
  private double speed(SavedReport report, Map<String, @Nullable Object> result)
      throws IOException {
    return a.schema() == Schema.MODEL
        ? report.number(result, "tokens_per_second_median")
        : SavedReport.NANOS / report.number(result, "nanoseconds_median");
  }

  /**
   * False if every repetition of one was faster than all of the other; null if that is not known,
   * as where one has no second repetition.
   */
  private @Nullable Boolean overlap(
      Map<String, @Nullable Object> mine, Map<String, @Nullable Object> other) {
    double leastOfA = end(mine, "_min");
    double mostOfA = end(mine, "_max");
    double leastOfB = end(other, "_min");
    double mostOfB = end(other, "_max");
    return leastOfA <= mostOfA && leastOfB <= mostOfB
        ? (Boolean) (leastOfA <= mostOfB && leastOfB <= mostOfA)
        : null;
  }

  /** One end of what several repetitions gave; NaN if it is not known or they are not several. */
  private double end(Map<String, @Nullable Object> result, String which) {
    Object repetitions = result.get(isOfModels() ? "repetitions" : "rounds");
    return repetitions instanceof Number count
            && count.doubleValue() >= 2
            && result.get((isOfModels() ? "tokens_per_second" : "nanoseconds") + which)
                instanceof Number value
        ? value.doubleValue()
        : Double.NaN;
  }

  /** Prefill and decode, or the operations: the geometric mean of the ratios of each. */
  private Map<String, Double> means() {
    return rows.stream()
        .collect(
            Collectors.groupingBy(
                row -> group(row.a),
                LinkedHashMap::new,
                Collectors.collectingAndThen(
                    Collectors.averagingDouble(row -> Math.log(row.ratio())), Math::exp)));
  }

  private String group(Map<String, @Nullable Object> result) {
    return a.schema() == Schema.MODEL
        ? String.valueOf(result.get("test")).startsWith("pp") ? "prefill" : "decode"
        : String.valueOf(result.get("operation")).split(",")[0];
  }

  private boolean isOfModels() {
    return a.schema() == Schema.MODEL;
  }

  /** For reading. */
  public String markdown() {
    StringBuilder text = new StringBuilder();
    text.append("A: ").append(origin(a)).append("\nB: ").append(origin(b)).append("\n\n");
    if (rows.isEmpty()) {
      text.append("Nothing was measured in both.\n");
    } else {
      text.append(table().markdown()).append("\nGeometric mean of B / A: ");
      text.append(
          means().entrySet().stream()
              .map(mean -> mean.getKey() + " " + times(mean.getValue()))
              .collect(Collectors.joining(", ")));
      text.append(".\n");
      if (rows.stream().anyMatch(Row::overlaps)) {
        text.append("~ the repetitions of both overlap, so that this may be chance.\n");
      }
      if (rows.stream().anyMatch(row -> row.overlap == null)) {
        text.append("Where one was not timed twice, whether they overlap is not known.\n");
      }
    }
    text.append('\n');
    if (differences.isEmpty()) {
      String model = isOfModels() ? ", build and model" : " and build";
      text.append(
          undecided.isEmpty()
              ? "Machine" + model + " are the same.\n"
              : "No difference of machine" + model.replace("and", "or") + " is known.\n");
    }
    for (Difference d : differences) {
      text.append("- ").append(d.name).append(": ").append(Markdown.escaped(shown(d.a)));
      text.append(" in A, ").append(Markdown.escaped(shown(d.b))).append(" in B\n");
    }
    undecided(text);
    only(text, "A", onlyInA);
    only(text, "B", onlyInB);
    return text.toString();
  }

  private void undecided(StringBuilder text) {
    if (undecided.contains(COMMIT)) {
      text.append("\nThe commit does not tell the builds apart: ");
      text.append(Markdown.escaped(shown(a.text(COMMIT)))).append(" in A, ");
      text.append(Markdown.escaped(shown(b.text(COMMIT)))).append(" in B.\n");
    }
    List<String> others = undecided.stream().filter(name -> !name.equals(COMMIT)).toList();
    if (!others.isEmpty()) {
      text.append("\nNot known of both: ").append(String.join(", ", others)).append(".\n");
    }
  }

  private static String origin(SavedReport report) {
    return Markdown.escaped(report.path().toString())
        + ", measured "
        + Markdown.escaped(shown(report.text("start")));
  }

  private static void only(StringBuilder text, String which, List<String> results) {
    if (!results.isEmpty()) {
      text.append("\nOnly in ").append(which).append(":\n\n");
      results.forEach(r -> text.append("- ").append(Markdown.escaped(r)).append('\n'));
    }
  }

  private Table table() {
    List<String> header = new ArrayList<>(List.of(names));
    header.addAll(
        isOfModels() ? List.of("A t/s", "B t/s", "B / A") : List.of("A µs", "B µs", "B / A"));
    Table table = new Table(header.toArray(String[]::new));
    for (Row row : rows) {
      List<String> cells = new ArrayList<>(SavedReport.values(row.a, names));
      cells.add(number(isOfModels() ? row.speedOfA : 1e6 / row.speedOfA));
      cells.add(number(isOfModels() ? row.speedOfB : 1e6 / row.speedOfB));
      cells.add(times(row.ratio()) + (row.overlaps() ? " ~" : ""));
      table.row(cells.toArray(String[]::new));
    }
    return table;
  }

  private List<Map<String, @Nullable Object>> records() {
    List<Map<String, @Nullable Object>> records = new ArrayList<>();
    for (Row row : rows) {
      Map<String, @Nullable Object> record = new LinkedHashMap<>();
      for (String name : names) {
        record.put(name, row.a.get(name));
      }
      record.put("a_per_second", row.speedOfA);
      record.put("b_per_second", row.speedOfB);
      record.put("b_over_a", row.ratio());
      record.put("repetitions_overlap", row.overlap);
      records.add(record);
    }
    return records;
  }

  /**
   * One line for all that both measured: what it is, tokens or operations per second of both, the
   * ratio, and whether repetitions overlap, empty where that is not known; the names alone if there
   * is nothing.
   */
  public String csv() {
    List<String> columns = new ArrayList<>(List.of(names));
    columns.addAll(List.of("a_per_second", "b_per_second", "b_over_a", "repetitions_overlap"));
    return rows.isEmpty() ? String.join(",", columns) + "\n" : Table.csv(records());
  }

  /**
   * One object with all of it. {@code undecided} names what may be different without being known;
   * {@code repetitions_overlap} is null where that is not known.
   */
  public String json() throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      Schema.COMPARISON.write(json);
      json.writeStringField("of", a.schema().label());
      json.writeStringField("a", a.path().toString());
      json.writeStringField("b", b.path().toString());
      json.writeObjectFieldStart("b_over_a_geometric_mean");
      for (var mean : means().entrySet()) {
        json.writeNumberField(mean.getKey(), mean.getValue());
      }
      json.writeEndObject();
      json.writeObjectFieldStart("differences");
      for (Difference d : differences) {
        json.writeObjectFieldStart(d.name);
        Map<String, @Nullable Object> both = new LinkedHashMap<>();
        both.put("a", d.a);
        both.put("b", d.b);
        Table.json(json, both);
        json.writeEndObject();
      }
      json.writeEndObject();
      strings(json, "undecided", undecided);
      strings(json, "only_in_a", onlyInA);
      strings(json, "only_in_b", onlyInB);
      Table.json(json, "results", records());
      json.writeEndObject();
    }
    return text + "\n";
  }

  private static void strings(JsonGenerator json, String name, List<String> values)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (String value : values) {
      json.writeString(value);
    }
    json.writeEndArray();
  }
}
