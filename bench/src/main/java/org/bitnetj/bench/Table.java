package org.bitnetj.bench;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bitnetj.source.Printable;
import org.jspecify.annotations.Nullable;

/** Tables and records in Markdown, CSV (RFC 4180, lines end in LF) and JSON. */
final class Table {
  private final List<String[]> rows = new ArrayList<>();

  Table(String... header) {
    row(header);
  }

  /**
   * @param rows the first one is the header
   */
  static Table of(List<List<String>> rows) {
    Table table = new Table(rows.getFirst().toArray(String[]::new));
    rows.stream().skip(1).forEach(row -> table.row(row.toArray(String[]::new)));
    return table;
  }

  /** Adds a row; what Markdown or a terminal would take for more than text is escaped. */
  Table row(String... cells) {
    rows.add(Arrays.stream(cells).map(Markdown::escaped).toArray(String[]::new));
    return this;
  }

  /** A Markdown table, aligned for reading as it is; columns of numbers to the right. */
  String markdown() {
    int columns = rows.getFirst().length;
    int[] widths = new int[columns];
    boolean[] numbers = new boolean[columns];
    for (int c = 0; c < columns; c++) {
      for (String[] row : rows) {
        widths[c] = Math.max(widths[c], Math.max(3, row[c].length()));
      }
      int column = c;
      numbers[c] = rows.stream().skip(1).allMatch(row -> row[column].matches("[-–+0-9].*"));
    }
    StringBuilder text = new StringBuilder();
    for (int r = 0; r < rows.size(); r++) {
      text.append('|');
      for (int c = 0; c < columns; c++) {
        String space = " ".repeat(widths[c] - rows.get(r)[c].length());
        text.append(' ').append(numbers[c] ? space + rows.get(r)[c] : rows.get(r)[c] + space);
        text.append(" |");
      }
      text.append('\n');
      if (r == 0) {
        text.append('|');
        for (int c = 0; c < columns; c++) {
          text.append(numbers[c] ? "-".repeat(widths[c] + 1) + ":" : "-".repeat(widths[c] + 2));
          text.append('|');
        }
        text.append('\n');
      }
    }
    return text.toString();
  }

  /** Records of the same names; what is not known is empty, and what is hidden is escaped. */
  static String csv(List<Map<String, @Nullable Object>> records) {
    StringBuilder text = new StringBuilder();
    text.append(String.join(",", records.getFirst().keySet())).append('\n');
    for (Map<String, @Nullable Object> record : records) {
      text.append(
              record.values().stream()
                  .map(
                      value ->
                          value == null
                              ? ""
                              : quoted(Printable.of(value.toString(), Integer.MAX_VALUE)))
                  .collect(Collectors.joining(",")))
          .append('\n');
    }
    return text.toString();
  }

  private static String quoted(String value) {
    boolean plain = Arrays.stream(new String[] {",", "\""}).noneMatch(value::contains);
    return plain ? value : '"' + value.replace("\"", "\"\"") + '"';
  }

  /** Writes an array of records. */
  static void json(JsonGenerator json, String name, List<Map<String, @Nullable Object>> records)
      throws IOException {
    json.writeArrayFieldStart(name);
    for (Map<String, @Nullable Object> record : records) {
      json.writeStartObject();
      json(json, record);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /** Writes the fields of one record into the object that is open. */
  static void json(JsonGenerator json, Map<String, @Nullable Object> record) throws IOException {
    for (var field : record.entrySet()) {
      json.writeFieldName(field.getKey());
      switch (field.getValue()) {
        case null -> json.writeNull();
        case Integer i -> json.writeNumber(i);
        case Long l -> json.writeNumber(l);
        case Double d -> json.writeNumber(d);
        case Boolean b -> json.writeBoolean(b);
        case Object o -> json.writeString(o.toString());
      }
    }
  }
}
