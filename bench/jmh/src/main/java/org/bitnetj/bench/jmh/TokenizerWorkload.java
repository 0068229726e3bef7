package org.bitnetj.bench.jmh;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Random;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tokenizer.Tokenizer;

/** A tokenizer and the texts it is measured on. */
final class TokenizerWorkload {
  static final String SHIPPED = "models/tiny-bitnet-stories-i2_s.gguf";
  private static final int LENGTH = 100_000;

  private static final String WORDS =
      """
      The old miller, who had never owned a clock, told the hour by the creaking of the wheel and by \
      the geese. "It's nearly four," he'd say; and his daughters, laughing, would answer that it \
      couldn't be: the kettle hadn't sung yet! On Thursdays they walked seven miles to the harbour \
      with 3 baskets of flour, 12 loaves and a letter for the lighthouse-keeper, whose dog Bartholomew \
      understood everything but pretended otherwise. Nobody remembered (or nobody would tell) what \
      had happened in 1847, when the river froze and the bells of Saint Anne rang by themselves.
      Afterwards the schoolmistress wrote it all down: temperatures, barometer readings, unexplained \
      noises, the price of candles. Her notebook, bound in blue cloth, disappeared from the library \
      twice and came back twice, each time with a pressed fern between pages 40 and 41...
      """;

  private final Tokenizer tokenizer;
  private final byte[] ordinary;
  private final byte[] unbroken;
  private final int[] ids;

  /**
   * @param vocabulary a GGUF file, or {@link #SHIPPED} from any folder of this project
   * @param text a UTF-8 file of ordinary text; empty for words shuffled by a fixed seed
   */
  TokenizerWorkload(String vocabulary, String text) throws IOException {
    tokenizer = tokenizer(vocabulary);
    ordinary =
        text.isEmpty()
            ? shuffled().getBytes(StandardCharsets.UTF_8)
            : Files.readAllBytes(Path.of(text));
    unbroken = new byte[LENGTH];
    byte[] letters = shuffled().replaceAll("[^a-z]", "").getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < LENGTH; i++) {
      unbroken[i] = letters[i % letters.length];
    }
    ids = tokenizer.encode(ordinary, false, false);
  }

  /** The tokenizer of a GGUF file, or of {@link #SHIPPED} from any folder of this project. */
  static Tokenizer tokenizer(String vocabulary) throws IOException {
    try (GgufFile file = GgufFile.open(find(Path.of(vocabulary)))) {
      return Tokenizer.of(file.vocabulary());
    }
  }

  static Path find(Path path) throws NoSuchFileException {
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      if (Files.exists(folder.resolve(path))) {
        return folder.resolve(path);
      }
    }
    throw new NoSuchFileException(path.toString());
  }

  private static String shuffled() {
    String[] words = WORDS.split("(?<=\\s)");
    Random random = new Random(1);
    StringBuilder text = new StringBuilder(LENGTH + 16);
    while (text.length() < LENGTH) {
      text.append(words[random.nextInt(words.length)]);
    }
    return text.toString();
  }

  int ordinaryBytes() {
    return ordinary.length;
  }

  int unbrokenBytes() {
    return unbroken.length;
  }

  int[] encodeOrdinary() {
    return tokenizer.encode(ordinary, false, false);
  }

  /** Letters only: one word for every pre-tokenizer. */
  int[] encodeUnbroken() {
    return tokenizer.encode(unbroken, false, false);
  }

  String decode() {
    return tokenizer.decode(ids);
  }

  String ordinaryText() {
    return new String(ordinary, StandardCharsets.UTF_8);
  }

  String decode(int[] tokens) {
    return tokenizer.decode(tokens);
  }
}
