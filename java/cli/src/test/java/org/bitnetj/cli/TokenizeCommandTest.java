package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code tokenize} and {@code detokenize}. */
class TokenizeCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String LINE = "Once upon a time, wo träumten 3 Katzen…";
  private static final String TEXT = LINE + "\n";

  @TempDir private Path folder;

  @Test
  void bytesComeBackExactlyWhereThatIsWanted() throws IOException {
    byte[] bytes = "\uFEFF a\r\n\0\u001b[2J ä€😀\u0080\n\n".getBytes(StandardCharsets.UTF_8);
    Path file = Files.write(folder.resolve("data"), bytes);
    String ids = Outcome.of("tokenize", "--raw", "-f", file.toString()).succeeds().out();
    assertArrayEquals(bytes, Outcome.fed(ids, "detokenize", "--raw").succeeds().bytes());
    assertEquals(ids, Outcome.fed(bytes, "tokenize", "--raw").succeeds().out());
    ByteArrayOutputStream parts = new ByteArrayOutputStream();
    for (String id : ids.strip().split(" ")) {
      parts.writeBytes(Outcome.of("detokenize", "--raw", id).succeeds().bytes());
    }
    assertArrayEquals(bytes, parts.toByteArray(), "also of half characters");
    String name = "<|begin_of_text|>";
    String special = Outcome.of("tokenize", "--bos", "a").out();
    assertEquals(name + "a", Outcome.fed(special, "detokenize", "--raw", "--special").out());
    assertEquals("a", Outcome.fed(special, "detokenize", "--raw").out());
    Outcome.of("detokenize", "--raw", "--format", "json", "1")
        .isMisuse("Give --raw or --format json, not both.");
  }

  @Test
  void aTextIsReadAsRunReadsIt() throws IOException {
    byte[] latin1 = "Mädchen".getBytes(StandardCharsets.ISO_8859_1);
    Path file = Files.write(folder.resolve("latin1"), latin1);
    Outcome.of("tokenize", "-f", file.toString())
        .fails(
            file
                + " is not UTF-8 text (byte 1); convert it, for example by iconv -f latin1 -t"
                + " utf-8.");
    Outcome.fed(latin1, "tokenize", "--raw").says("standard input is not UTF-8 text (byte 1)");
    Outcome.fed(latin1, "tokenize").says("standard input is not UTF-8 text (byte 1)");
    String once = Outcome.of("tokenize", "Once").succeeds().out();
    assertEquals(once, Outcome.fed("Once\r\n", "tokenize").succeeds().out());
    assertEquals(
        Outcome.of("tokenize", "Once\n").out(), Outcome.fed("Once\n", "tokenize", "--raw").out());
  }

  @Test
  void idsAreTheSameByEveryWayATextCanCome() throws IOException {
    String ids = Outcome.of("tokenize", LINE).succeeds().out();
    assertTrue(ids.matches("[0-9]+( [0-9]+)*\n"), ids);
    Path file = Files.writeString(folder.resolve("text"), TEXT);
    assertEquals(ids, Outcome.of("tokenize", "-p", LINE).succeeds().out());
    assertEquals(ids, Outcome.of("tokenize", "-f", file.toString()).succeeds().out());
    assertEquals(ids, Outcome.fed(TEXT, "tokenize").succeeds().out());
    assertEquals(ids, Outcome.fed(TEXT, "tokenize", "-f", "-").succeeds().out());
    assertEquals(ids, Outcome.fed(TEXT, "tokenize", "-").succeeds().out());
    String model = Models.SHIPPED.toString();
    assertEquals(ids, Outcome.of("tokenize", "-m", model, LINE).succeeds().out());
  }

  @Test
  void aHyphenNamesStandardInput() {
    String hyphen = Outcome.fed("-", "tokenize").succeeds().out();
    assertEquals(hyphen, Outcome.fed("Once", "tokenize", "-p", "-").succeeds().out());
    assertEquals(hyphen, Outcome.fed("-\n", "tokenize", "-").succeeds().out());
    Outcome.fed("Once", "tokenize", "-", "-p", "upon").says("Give the text once");
    Outcome.fed("Once", "tokenize", "-", "upon").says("Put the text in quotes");
    String[] run = {"run", "--temp", "0", "-n", "4", ""};
    run[5] = "Once upon";
    String text = Outcome.of(run).succeeds().out();
    run[5] = "-";
    assertEquals(text, Outcome.fed("Once upon\n", run).succeeds().out());
    assertEquals(
        Outcome.fed("Once", "embed").succeeds().out(),
        Outcome.fed("Once", "embed", "-").succeeds().out());
    assertEquals(
        Outcome.of("detokenize", hyphen.strip()).succeeds().out(),
        Outcome.fed(hyphen, "detokenize", "-").succeeds().out());
    Outcome.fed("Hello\n", "chat", "-").says("leave out the '-'");
  }

  @Test
  void noTextIsTakenForAnOptionOrAFile() throws IOException {
    Path file = Files.writeString(folder.resolve("options"), "--json");
    for (String text :
        List.of("@" + file, "-5 degrees", "--json", "-n", "\"quoted\"", "'a'", " ")) {
      String ids = Outcome.fed(text, "tokenize").succeeds().out();
      assertEquals(ids, Outcome.of("tokenize", "--", text).succeeds().out(), text);
    }
    String ids = Outcome.fed("-5 degrees", "tokenize").succeeds().out();
    assertEquals(ids, Outcome.of("tokenize", "-p", "-5 degrees").succeeds().out());
  }

  @Test
  void detokenizeGivesTheTextBack() {
    String ids = Outcome.of("tokenize", TEXT).succeeds().out();
    assertEquals(TEXT + "\n", Outcome.fed(ids, "detokenize").succeeds().out());
    assertEquals(TEXT + "\n", Outcome.of("detokenize", ids.strip()).succeeds().out());
    String commas = "[" + ids.strip().replace(" ", ", ") + "]";
    assertEquals(TEXT + "\n", Outcome.of("detokenize", commas).succeeds().out());
  }

  @Test
  void specialTokensShowTheirNamesWhenAsked() {
    String ids = Outcome.of("tokenize", "--bos", "a").succeeds().out();
    assertEquals("a\n", Outcome.fed(ids, "detokenize").succeeds().out());
    String shown = Outcome.fed(ids, "detokenize", "--special").succeeds().out();
    assertEquals("<|begin_of_text|>a\n", shown);
    assertEquals(ids, Outcome.of("tokenize", "--no-bos", "--parse-special", shown.strip()).out());
  }

  @Test
  void jsonHoldsIdsAndPieces() throws IOException {
    JsonNode json =
        JSON.readTree(Outcome.of("tokenize", "--format", "json", "Once upon").succeeds().out());
    assertEquals(json.get("ids").size(), json.get("tokens").size());
    String[] ids = Outcome.of("tokenize", "Once upon").out().strip().split(" ");
    assertEquals(ids.length, json.get("ids").size());
    JsonNode text =
        JSON.readTree(Outcome.of("detokenize", "--format", "json", ids[1]).succeeds().out());
    assertEquals(json.get("tokens").get(1).asText(), text.get("text").asText());
  }

  @Test
  void aDataSetOfLinesBecomesLinesOfIds() throws IOException {
    List<String> vectors;
    try (InputStream in =
        TokenizeCommandTest.class.getResourceAsStream(
            "/org/bitnetj/tokenizer/tiny-stories.jsonl")) {
      vectors = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
    String input = String.join("\n", vectors);
    List<String> output =
        Outcome.fed(input, "tokenize", "--jsonl").succeeds().out().lines().toList();
    assertEquals(vectors.size(), output.size());
    for (int i = 0; i < output.size(); i++) {
      JsonNode expected = JSON.readTree(vectors.get(i)).get("ids");
      assertEquals(expected, JSON.readTree(output.get(i)).get("ids"), vectors.get(i));
    }
  }

  @Test
  void aBadLineOfADataSetIsNamed() {
    Outcome.fed("{\"text\":\"a\"}\nnot json\n", "tokenize", "--jsonl")
        .fails("line 2 of the input is not a valid JSON object.");
    Outcome.fed("[1]", "tokenize", "--jsonl").fails("line 1 of the input is not a JSON object.");
    Outcome.fed("\n{\"txt\":\"a\"}", "tokenize", "--jsonl")
        .fails("line 2 of the input has neither \"text\" nor \"text_b64\".");
    refused("{\"text\":{\"a\":1}}", "has a \"text\" that is not a string");
    refused("{\"text\":[\"a\"]}", "has a \"text\" that is not a string");
    refused("{\"text\":12}", "has a \"text\" that is not a string");
    refused("{\"text\":null}", "has a \"text\" that is not a string");
    refused("{\"text_b64\":1}", "has a \"text_b64\" that is not a string");
    refused("{\"text\":\"a\",\"add_bos\":1}", "has a \"add_bos\" that is neither true nor false");
    refused("{\"text\":\"a\"} {\"text\":\"b\"}", "has something after its JSON object");
    refused("{\"text\":\"a\"} x", "is not a valid JSON object");
    refused("{\"text\":\"a\"", "is not a valid JSON object");
    Outcome.fed("{\"text_b64\":\"%%\"}", "tokenize", "--jsonl")
        .fails("line 1 of the input is not a valid JSON object.");
  }

  @Test
  void aDataSetThatIsNotUtf8IsRefused() {
    byte[] latin1 = "{\"text\":\"M\u00e4dchen\"}".getBytes(StandardCharsets.ISO_8859_1);
    Outcome.fed(latin1, "tokenize", "--jsonl").fails("standard input is not UTF-8 text.");
  }

  @Test
  void aDirectoryOrMissingFileAsTextIsNamed() {
    Outcome.of("tokenize", "-f", folder.toString()).fails(folder + " is a directory; name a file.");
    Path none = folder.resolve("none.txt");
    Outcome.of("tokenize", "-f", none.toString()).fails(none + ": there is no such file.");
  }

  @Test
  void aTerminalIsNotWaitedFor() {
    Outcome.run(new ByteArrayInputStream(new byte[0]), stream -> true, "tokenize")
        .isMisuse("Give a text");
  }

  @Test
  void idsThatAreNoneAreNamed() {
    Outcome.of("detokenize", "12", "x").fails("'x' is not a token id; ids are whole numbers.");
    Outcome outcome = Outcome.of("detokenize", "99999999");
    assertEquals(1, outcome.code());
    outcome.says("token 99999999 is not in the vocabulary, whose ids are 0 to ");
    Outcome.of("detokenize", "4294967297").says("token 4294967297 is not in the vocabulary,");
  }

  /** In the second line, after one that is right. */
  private static void refused(String line, String why) {
    Outcome.fed("{\"text\":\"a\",\"other\":{\"text\":[1]}}\n" + line + "\n", "tokenize", "--jsonl")
        .fails("line 2 of the input " + why + ".");
  }
}
