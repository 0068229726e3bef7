package org.bitnetj.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.Printable;
import org.bitnetj.source.StringArray;
import org.bitnetj.source.VocabularySource;
import org.bitnetj.source.VocabularySource.Part;

/**
 * The tokens of a file, read and checked: those that are text by their bytes, the special ones by
 * their names.
 *
 * @param vocabulary all tokens
 * @param specials finds control, unknown and user-defined tokens in text
 */
record TokenTable(Vocabulary vocabulary, SpecialTokens specials) {
  static final int NONE = -1;

  /** Most characters that a message quotes from a file. */
  private static final int MOST_SHOWN = 80;

  /** Most tokens of a vocabulary; the largest published ones have a quarter of that. */
  private static final int MOST_TOKENS = 1 << 20;

  /** Longest token of a vocabulary in the file's spelling; published ones stay below 1024 bytes. */
  static final int MOST_TOKEN_BYTES = 4096;

  /** Most bytes of all tokens together; the largest published vocabularies have 3 million. */
  private static final int MOST_BYTES = 1 << 24;

  static TokenTable read(VocabularySource source, Spelling spelling) throws ModelFileException {
    StringArray texts = texts(source, Part.TOKENS, MOST_TOKENS, MOST_TOKEN_BYTES);
    int size = texts.size();
    if (size == 0) {
      throw source.failure(source.name(Part.TOKENS) + " is empty; the file has no vocabulary.");
    }
    Collection collection =
        new Collection(source, spelling, types(source, size), texts.longest(), size);
    texts.forEach(collection);
    Duplicates duplicates =
        (first, second) -> {
          throw duplicate(source, first, second, texts);
        };
    return new TokenTable(
        collection.builder.build(duplicates),
        new SpecialTokens(collection.specials.toArray(SpecialTokens.Entry[]::new), duplicates));
  }

  /** Takes the tokens in the order of their ids. */
  private static final class Collection implements StringArray.Reader<ModelFileException> {
    private final VocabularySource source;
    private final Spelling spelling;
    private final int[] types;
    private final Set<Integer> singleWords;
    private final Vocabulary.Builder builder;
    private final List<SpecialTokens.Entry> specials = new ArrayList<>();
    private final byte[] scratch;
    private int total;

    Collection(VocabularySource source, Spelling spelling, int[] types, int longest, int size)
        throws ModelFileException {
      this.source = source;
      this.spelling = spelling;
      this.types = types;
      this.singleWords = source.surroundings().singleWords();
      this.builder = new Vocabulary.Builder(size);
      this.scratch = new byte[longest];
    }

    @Override
    public void read(int id, byte[] bytes, int from, int to) throws ModelFileException {
      total += to - from;
      if (total > MOST_BYTES) {
        throw source.failure(
            source.name(Part.TOKENS)
                + ": the first "
                + (id + 1)
                + " tokens have more than the "
                + MOST_BYTES
                + " bytes that a vocabulary can need; the file is damaged.");
      }
      if (types[id] == TokenType.NORMAL.id()) { // nearly all, for which nothing is copied
        addText(bytes, from, to, TokenType.NORMAL);
        return;
      }
      byte[] text = Arrays.copyOfRange(bytes, from, to);
      TokenType type = type(source, types[id], id, text);
      switch (type) {
        case NORMAL, UNUSED -> addText(text, 0, text.length, type);
        case BYTE -> builder.add(new byte[] {byteValue(source, text, id)}, 0, 1, type, false);
        case CONTROL, UNKNOWN, USER_DEFINED -> addSpecial(id, text, type);
      }
    }

    private void addText(byte[] text, int from, int to, TokenType type) {
      int length = spelling.decode(text, from, to, scratch, 0);
      if (length >= 0) {
        builder.add(scratch, 0, length, type, true);
      } else {
        builder.add(text, from, to - from, type, false);
      }
    }

    private void addSpecial(int id, byte[] text, TokenType type) {
      SpecialTokens.Entry entry =
          new SpecialTokens.Entry(
              id, text, type == TokenType.USER_DEFINED, singleWords.contains(id));
      // Merges must not produce a mark or a single word in text where it is not recognised.
      boolean asText = text.length > 0 && !entry.isMark() && !entry.singleWord();
      int length = asText ? spelling.decodeUserDefined(text, scratch) : 0;
      builder.add(asText ? scratch : text, 0, asText ? length : text.length, type, asText);
      if (text.length > 0) {
        specials.add(entry);
      }
    }
  }

  /** What happens when two tokens have the same text. */
  @FunctionalInterface
  interface Duplicates {
    void found(int first, int second) throws ModelFileException;
  }

  /** Text from the file to quote in a message: escaped and cut. */
  static String shown(String text) {
    return Printable.of(text, MOST_SHOWN);
  }

  static ModelFileException duplicate(
      VocabularySource source, int first, int second, StringArray texts) {
    return source.failure(
        source.name(Part.TOKENS)
            + ": tokens "
            + first
            + " and "
            + second
            + " are both '"
            + shown(texts.get(second))
            + "'; text could become either.");
  }

  private static int[] types(VocabularySource source, int size) throws ModelFileException {
    requireLength(source, Part.TYPES, size);
    int[] types = source.findTypes().orElse(null);
    if (types != null) {
      return types;
    }
    int[] normal = new int[size];
    Arrays.fill(normal, TokenType.NORMAL.id());
    for (Part token : List.of(Part.BOS, Part.EOS, Part.EOT)) {
      int id = tokenId(source, token, size, NONE);
      if (id >= 0) {
        normal[id] = TokenType.CONTROL.id();
      }
    }
    return normal;
  }

  private static TokenType type(VocabularySource source, int type, int id, byte[] text)
      throws ModelFileException {
    return switch (type) {
      case 0, 1 -> TokenType.NORMAL; // 0 is ggml's "undefined"
      case 2 -> TokenType.UNKNOWN;
      // What a model thinks is text, and so are the marks around it, by which chats find it.
      case 3 -> isThinkingMark(text) ? TokenType.USER_DEFINED : TokenType.CONTROL;
      // Some converters mark end tokens as user-defined; they are never meant as text.
      case 4 -> EndTokens.isName(text) ? TokenType.CONTROL : TokenType.USER_DEFINED;
      case 5 -> TokenType.UNUSED;
      case 6 -> TokenType.BYTE;
      default ->
          throw source.failure(
              source.name(Part.TYPES)
                  + ": token "
                  + id
                  + " is of type "
                  + type
                  + "; types are 1 to 6.");
    };
  }

  private static boolean isThinkingMark(byte[] text) {
    String name = new String(text, StandardCharsets.UTF_8);
    return name.equals("<think>") || name.equals("</think>");
  }

  /** The value of a byte token, spelled {@code <0x0A>}. */
  private static byte byteValue(VocabularySource source, byte[] text, int id)
      throws ModelFileException {
    boolean spelled = text.length == 6 && text[0] == '<' && text[1] == '0' && text[2] == 'x';
    int high = spelled ? Character.digit(text[3], 16) : -1;
    int low = spelled ? Character.digit(text[4], 16) : -1;
    if (high < 0 || low < 0 || text[5] != '>') {
      throw source.failure(
          source.name(Part.TOKENS)
              + ": token "
              + id
              + " '"
              + shown(new String(text, StandardCharsets.UTF_8))
              + "' is of type byte but not spelled <0x00> to <0xFF>.");
    }
    return (byte) (high << 4 | low);
  }

  /**
   * A table of texts, which must be there, with at most {@code most} entries of at most {@code
   * mostBytes} each. Checked before an entry is read, so that a small file that claims a huge table
   * is refused without the memory for one.
   */
  static StringArray texts(VocabularySource source, Part table, int most, int mostBytes)
      throws ModelFileException {
    StringArray texts = source.texts(table);
    if (texts.size() > most) {
      throw source.failure(
          source.name(table)
              + " has "
              + texts.size()
              + " entries, more than the "
              + most
              + " that a vocabulary can need; the file is damaged.");
    }
    if (texts.longest() > mostBytes) {
      throw source.failure(
          source.name(table)
              + " has an entry of "
              + texts.longest()
              + " bytes, more than the "
              + mostBytes
              + " that a vocabulary can need; the file is damaged.");
    }
    return texts;
  }

  /** Checks that a table, if it is there, has an entry for each token. */
  static void requireLength(VocabularySource source, Part table, int size)
      throws ModelFileException {
    int length = source.findLength(table).orElse(size);
    if (length != size) {
      throw source.failure(
          source.name(table) + " has " + length + " entries, but there are " + size + " tokens.");
    }
  }

  /** The id of a special token, or {@code otherwise}. */
  static int tokenId(VocabularySource source, Part token, int size, int otherwise)
      throws ModelFileException {
    OptionalLong id = source.findToken(token);
    return id.isEmpty() ? otherwise : inVocabulary(source, token, id.getAsLong(), size);
  }

  /** An id that the source gives for a token; it must be one of the vocabulary's. */
  static int inVocabulary(VocabularySource source, Part token, long id, int size)
      throws ModelFileException {
    if (id < 0 || id >= size) {
      throw source.failure(
          source.name(token) + " is " + id + ", but there are only " + size + " tokens.");
    }
    return (int) id;
  }

  /** Checks that text with byte {@code value} in it can be encoded. */
  static int requireByte(VocabularySource source, int id, int value) throws ModelFileException {
    if (id < 0) {
      throw source.failure(
          source.name(Part.TOKENS)
              + ": no token stands for byte 0x%02X".formatted(value)
              + " and there is no unknown token; text with that byte could not be encoded.");
    }
    return id;
  }
}
