package org.bitnetj.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The scanners against the regular expressions that they implement, by java.util.regex. */
class PreTokenizerTest {
  private static final String[] PIECES = {
    "'", "'s", "'S", "'t", "'re", "'RE", "'vE", "'ll", "'d", "'M", "a", "b", "the", "Z", "é", "ß",
    "中", "𝒜", "\u0301", "ǅ", "1", "23", "٣", "Ⅷ", "½", "𝟘", " ", "  ", "\t", "\n", "\r", "\r\n",
    "\n\n", "\u00a0", "\u3000", "か", "カ", "・", "龥", "\u200d", "\u0e34", "\u0085", "\u2028",
    "\u200b", ".", "...", "!?", "_", "-", "€", "$", "<=", "🦙", "\u0000", "\u001c"
  };

  /** In the order in which they split what is left. */
  private static List<String> expressions(PreTokenizer preTokenizer) {
    return switch (preTokenizer) {
      case GPT2 -> List.of(GPT2);
      case LLAMA3 -> List.of(llama3("{1,3}"));
      case QWEN2 -> List.of(llama3(""));
      case QWEN35 ->
          List.of(
              "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"
                  + "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");
      case DEEPSEEK3 ->
          List.of(
              "\\p{N}{1,3}",
              "[一-龥぀-ゟ゠-ヿ]+",
              "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
                  + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
                  + "| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+");
      case FALCON, FALCON_E, FALCON_DIGITS, FALCON_E_DIGITS -> List.of("[\\p{P}$+<=>^~|`]+", GPT2);
    };
  }

  private static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

  private static String llama3(String digits) {
    return "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\\r"
        + "\\n"
        + "\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
        + digits
        + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  }

  private static List<String> words(PreTokenizer preTokenizer, String text) {
    byte[] bytes = Utf8.bytes(text);
    List<String> words = new ArrayList<>();
    for (int at = 0; at < bytes.length; ) {
      int end = preTokenizer.next(bytes, at, bytes.length);
      words.add(new String(bytes, at, end - at, StandardCharsets.UTF_8));
      at = end;
    }
    return words;
  }

  /** Matches, and what is between them. */
  private static List<String> split(List<String> texts, String expression) {
    // Java's own \s is another set: ASCII, or with U+001C to U+001F
    Pattern pattern =
        Pattern.compile(
            expression.replace("\\s", "\\p{IsWhite_Space}").replace("\\S", "\\P{IsWhite_Space}"));
    List<String> pieces = new ArrayList<>();
    for (String text : texts) {
      int at = 0;
      for (Matcher m = pattern.matcher(text); m.find(); at = m.end()) {
        if (m.start() > at) {
          pieces.add(text.substring(at, m.start()));
        }
        pieces.add(m.group());
      }
      if (at < text.length()) {
        pieces.add(text.substring(at));
      }
    }
    return pieces;
  }

  @ParameterizedTest
  @EnumSource(PreTokenizer.class)
  void cutsWhereTheExpressionsCut(PreTokenizer preTokenizer) {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(12); n >= 0; n--) {
        text.append(PIECES[random.nextInt(PIECES.length)]);
      }
      List<String> expected = List.of(text.toString());
      for (String expression : expressions(preTokenizer)) {
        expected = split(expected, expression);
      }
      assertEquals(expected, words(preTokenizer, text.toString()));
    }
  }

  private static String parts(PreTokenizer preTokenizer, String text) {
    byte[] bytes = Utf8.bytes(text);
    StringBuilder parts = new StringBuilder();
    for (int at = 0; at < bytes.length; ) {
      int end = preTokenizer.next(bytes, at, bytes.length);
      while (at < end) {
        int part = preTokenizer.nextPart(bytes, at, end);
        parts.append(new String(bytes, at, part - at, StandardCharsets.ISO_8859_1)).append('/');
        at = part;
      }
    }
    return parts.toString();
  }

  /** What Hugging Face's tokenizers 0.23.2 gives for the same steps. */
  @Test
  void falconSplitsDigitsOff() {
    String text = "a 1234567 b12, it's ٣٤5";
    String arabic = new String(Utf8.bytes("٣٤"), StandardCharsets.ISO_8859_1);
    assertEquals(
        "a/ /123/456/7/ b/12/,/ it/'/s/ " + arabic + "5/", parts(PreTokenizer.FALCON, text));
    assertEquals(
        "a/ /1/2/3/4/5/6/7/ b/1/2/,/ it/'/s/ " + arabic + "/5/",
        parts(PreTokenizer.FALCON_E, text));
    assertEquals(
        "a/ /123/456/7/ b/12/,/ it/'/s/ " + arabic + "/5/",
        parts(PreTokenizer.FALCON_DIGITS, text));
    assertEquals(
        "a/ /1/2/3/4/5/6/7/ b/1/2/,/ it/'/s/ " + arabic + "/5/",
        parts(PreTokenizer.FALCON_E_DIGITS, text));
  }

  /** The bytes b2 and bd are spelled ² and ½. */
  @Test
  void falconsDigitsCutWithinCharactersWhoseBytesAreSpelledAsNumbers() {
    assertEquals("\u00c3\u00b2/", parts(PreTokenizer.FALCON, "ò"));
    assertEquals("\u00c3/\u00b2/", parts(PreTokenizer.FALCON_DIGITS, "ò"));
    assertEquals("\u00c2/\u00bd1/ /12/", parts(PreTokenizer.FALCON_DIGITS, "½1 12"));
    assertEquals("\u00c2/\u00bd/1/ /1/2/", parts(PreTokenizer.FALCON_E_DIGITS, "½1 12"));
    assertEquals("\u00c2/\u00bd/123/4/", parts(PreTokenizer.FALCON_DIGITS, "½1234"));
  }

  @ParameterizedTest
  @EnumSource(PreTokenizer.class)
  void wordsJoinedAreTheText(PreTokenizer preTokenizer) {
    Random random = new Random(8);
    for (int i = 0; i < 2_000; i++) {
      String text =
          random
              .ints(random.nextInt(40), 1, Character.MAX_CODE_POINT + 1)
              .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
              .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
              .toString();
      assertEquals(text, String.join("", words(preTokenizer, text)));
    }
  }
}
