package org.bitnetj.tokenizer;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.VocabularySource;
import org.bitnetj.source.VocabularySource.SpacePrefix;
import org.bitnetj.source.VocabularySource.Surroundings;
import org.bitnetj.tokenizer.SpecialTokens.Matches;
import org.bitnetj.tokenizer.SpecialTokens.Ranges;
import org.bitnetj.tokenizer.SpecialTokens.Trust;

/**
 * A model's tokenizer: text to ids and ids to bytes. Of a GGUF file it agrees with llama.cpp id by
 * id on well-formed text, of a {@code tokenizer.json} with Hugging Face's {@code tokenizers}, of a
 * {@code tokenizer.model} with transformers' {@code LlamaTokenizer} on SentencePiece. The former
 * two differ where a {@code tokenizer.json} asks for Unicode's normal form C, of which GGUF files
 * say nothing. Immutable and safe to share between threads; it does not need the file it came from.
 *
 * <p>Malformed text: in a String, a surrogate without its partner counts as U+FFFD. In UTF-8,
 * byte-level vocabularies read each bad byte as U+FFFD, SentencePiece ones keep the bytes as byte
 * tokens.
 */
public final class Tokenizer {
  private final Vocabulary vocabulary;
  private final TextEncoder encoder;
  private final SpecialTokens specialTokens;
  private final Settings settings;

  /** What the file says besides the vocabulary. {@code −1} for a token that it does not name. */
  record Settings(
      int bos,
      int eos,
      int eot,
      Set<Integer> ends,
      boolean addBos,
      int last,
      SpacePrefix spacePrefix,
      Surroundings surroundings,
      boolean keepsMalformed,
      boolean normalizes) {}

  Tokenizer(TokenTable tokens, TextEncoder encoder, Settings settings) {
    this.vocabulary = tokens.vocabulary();
    this.specialTokens = tokens.specials();
    this.encoder = encoder;
    this.settings = settings;
  }

  /**
   * {@return the tokenizer that a file describes}
   *
   * @param source may be closed afterwards
   * @throws ModelFileException when the kind of tokenizer is unknown or its tables are damaged
   */
  @SuppressWarnings("exports") // for the engine and its tools, which have the source
  public static Tokenizer of(VocabularySource source) throws ModelFileException {
    return new TokenizerReader(source).read();
  }

  /**
   * {@return the ids of {@code text}}
   *
   * @param text any text
   * @param parseSpecial whether the spelling of a control or unknown token ({@code <|eot_id|>}) is
   *     that token; user-defined tokens always are. Never pass true for text a user typed
   * @param addBos whether the beginning-of-text token comes first, if the vocabulary has one;
   *     {@link #addsBos} says what the file asks for
   */
  public int[] encode(String text, boolean parseSpecial, boolean addBos) {
    Objects.requireNonNull(text, "text is null");
    return encodeBytes(Utf8.bytes(text), parseSpecial, addBos);
  }

  /**
   * As {@link #encode(String, boolean, boolean)}, of UTF-8 that need not be well-formed.
   *
   * @param utf8 any bytes
   * @param parseSpecial whether the spelling of a special token is that token
   * @param addBos whether the beginning-of-text token comes first
   * @return its ids
   */
  public int[] encode(byte[] utf8, boolean parseSpecial, boolean addBos) {
    Objects.requireNonNull(utf8, "utf8 is null");
    return encodeBytes(
        settings.keepsMalformed() ? utf8 : Utf8.wellFormed(utf8), parseSpecial, addBos);
  }

  /**
   * {@return the ids of {@code text} with the beginning and end tokens that the file asks for}
   *
   * @param text any text
   * @param parseSpecial whether the spelling of a special token is that token
   */
  public int[] encodeDocument(String text, boolean parseSpecial) {
    int[] ids = encode(text, parseSpecial, addsBos());
    if (settings.last() < 0) {
      return ids;
    }
    int[] ended = Arrays.copyOf(ids, ids.length + 1);
    ended[ids.length] = settings.last();
    return ended;
  }

  /**
   * {@return the ids of text by several authors, as one text: special tokens are recognised only
   * where all of their spelling is trusted, ordinary text is tokenized across segments} In
   * untrusted text not even user-defined tokens are recognised when they look like a mark ({@code
   * <…>}, {@code […]}). Beginning and end tokens are not added.
   *
   * @param segments the text, in order
   */
  public int[] encode(List<Segment> segments) {
    Objects.requireNonNull(segments, "segments is null");
    byte[][] parts = new byte[segments.size()][];
    int[] ends = new int[segments.size()];
    Trust[] trusts = new Trust[segments.size()];
    int ranges = 0;
    int length = 0;
    for (int i = 0; i < parts.length; i++) {
      parts[i] = Utf8.bytes(segments.get(i).text());
      if (parts[i].length == 0) {
        continue;
      }
      length = Math.addExact(length, parts[i].length);
      Trust trust = segments.get(i).trusted() ? Trust.TEMPLATE : Trust.UNTRUSTED;
      if (ranges == 0 || trusts[ranges - 1] != trust) {
        trusts[ranges++] = trust;
      }
      ends[ranges - 1] = length;
    }
    byte[] text = new byte[length];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, text, at, part.length);
      at += part.length;
    }
    TokenBuffer out = new TokenBuffer(length / 3);
    encode(text, new Ranges(Arrays.copyOf(ends, ranges), Arrays.copyOf(trusts, ranges)), out);
    return out.toArray();
  }

  private int[] encodeBytes(byte[] text, boolean parseSpecial, boolean addBos) {
    TokenBuffer out = new TokenBuffer(text.length / 3);
    if (addBos && settings.bos() >= 0) {
      out.add(settings.bos());
    }
    encode(text, Ranges.whole(text.length, parseSpecial ? Trust.TEMPLATE : Trust.TEXT), out);
    return out.toArray();
  }

  private void encode(byte[] text, Ranges ranges, TokenBuffer out) {
    if (text.length == 0) {
      return;
    }
    Matches matches = specialTokens.find(text, ranges);
    TextEncoder.Call call = encoder.newCall();
    int at = 0;
    for (int i = 0; i < matches.count(); i++) {
      int id = matches.ids()[i];
      int next = matches.positions()[i];
      int end =
          settings.surroundings().takesBefore().contains(id)
              ? Utf8.trimWhiteSpace(text, at, next)
              : next;
      boolean spaceAlone =
          next == 0 && settings.spacePrefix() == SpacePrefix.FIRST && !isSpecial(id);
      if (at < end || spaceAlone) {
        encode(call, text, at, end, out);
      }
      out.add(id);
      at = matches.ends()[i];
      if (settings.surroundings().takesAfter().contains(id)) {
        int most = i + 1 < matches.count() ? matches.positions()[i + 1] : text.length;
        at = Utf8.skipWhiteSpace(text, at, most);
      }
    }
    if (at < text.length) {
      encode(call, text, at, text.length, out);
    }
  }

  private void encode(TextEncoder.Call call, byte[] text, int from, int to, TokenBuffer out) {
    if (settings.normalizes()) {
      byte[] normal = NormalFormC.of(text, from, to);
      call.encode(normal, 0, normal.length, out);
    } else {
      call.encode(text, from, to, out);
    }
  }

  /**
   * {@return the text of {@code ids}, control and unknown tokens left out} For byte-level
   * vocabularies {@code decode(encode(x))} is {@code x}, or its normal form where the file asks for
   * that; SentencePiece ones also read U+2581 as a space.
   *
   * @param ids tokens of this vocabulary
   * @throws IllegalArgumentException when the vocabulary has no such token
   */
  public String decode(int... ids) {
    return decode(ids, false);
  }

  /**
   * As {@link #decode(int...)}; {@code specials} says whether special tokens show their names.
   *
   * @param ids tokens of this vocabulary
   * @param specials whether special tokens show their names
   * @return the text
   */
  public String decode(int[] ids, boolean specials) {
    Objects.requireNonNull(ids, "ids is null");
    StreamDecoder decoder = newDecoder(true, specials);
    StringBuilder text = new StringBuilder(4 * ids.length);
    for (int id : ids) {
      decoder.append(id, text);
    }
    return text.append(decoder.finish()).toString();
  }

  /**
   * {@return the bytes of {@code ids}, which need not be UTF-8; otherwise as {@link #decode(int[],
   * boolean)}} The bytes that were encoded come back, or those of their normal form.
   *
   * @param ids tokens of this vocabulary
   * @param specials whether special tokens show their names
   * @throws IllegalArgumentException when the vocabulary has no such token
   */
  public byte[] decodeBytes(int[] ids, boolean specials) {
    Objects.requireNonNull(ids, "ids is null");
    StreamDecoder decoder = newDecoder(true, specials);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(4 * ids.length);
    for (int id : ids) {
      decoder.appendBytes(id, bytes);
    }
    return bytes.toByteArray();
  }

  /**
   * {@return a decoder for a stream of tokens, control and unknown ones left out}
   *
   * @param startOfText true when the stream starts a text, so that the space which some
   *     vocabularies put before every text is dropped; false when it continues a prompt
   */
  public StreamDecoder newDecoder(boolean startOfText) {
    return newDecoder(startOfText, false);
  }

  /**
   * As {@link #newDecoder(boolean)}; {@code specials} says whether special tokens show their names.
   *
   * @param startOfText whether the stream starts a text
   * @param specials whether special tokens show their names
   * @return a decoder
   */
  public StreamDecoder newDecoder(boolean startOfText, boolean specials) {
    return new StreamDecoder(this, startOfText, id -> specials);
  }

  /**
   * As {@link #newDecoder(boolean)}; these special tokens show their names.
   *
   * @param startOfText whether the stream starts a text
   * @param shown the special tokens that show their names
   * @return a decoder
   */
  public StreamDecoder newDecoder(boolean startOfText, Set<Integer> shown) {
    Objects.requireNonNull(shown, "shown is null");
    return new StreamDecoder(this, startOfText, shown::contains);
  }

  /**
   * {@return the bytes of a token: text, perhaps with incomplete characters, or a special token's
   * name}
   *
   * @param id 0 to {@link #vocabularySize}, exclusive
   */
  public byte[] bytes(int id) {
    requireToken(id);
    return vocabulary.bytes(id);
  }

  /**
   * {@return what a token is for}
   *
   * @param id 0 to {@link #vocabularySize}, exclusive
   */
  public TokenType type(int id) {
    requireToken(id);
    return vocabulary.type(id);
  }

  /**
   * {@return whether it is special: true for control and unknown tokens: those that are not text}
   *
   * @param id 0 to {@link #vocabularySize}, exclusive
   */
  public boolean isSpecial(int id) {
    requireToken(id);
    return vocabulary.is(id, TokenType.CONTROL) || vocabulary.is(id, TokenType.UNKNOWN);
  }

  /**
   * {@return the special or user-defined token of that name}
   *
   * @param name its whole spelling
   */
  public OptionalInt findSpecial(String name) {
    Objects.requireNonNull(name, "name is null");
    return specialTokens.named(Utf8.bytes(name));
  }

  /** {@return how many tokens there are; ids are 0 to this, exclusive} */
  public int vocabularySize() {
    return vocabulary.size();
  }

  /** {@return the beginning-of-text token} */
  public OptionalInt bos() {
    return optional(settings.bos());
  }

  /** {@return the end-of-text token} */
  public OptionalInt eos() {
    return optional(settings.eos());
  }

  /** {@return the end-of-turn token of chats} */
  public OptionalInt eot() {
    return optional(settings.eot());
  }

  /**
   * {@return every token that ends generation: end of text, end of turn, and tokens whose name
   * means that ({@code <|eot_id|>}, {@code <|im_end|>}, {@code </s>} …)}
   */
  public Set<Integer> endTokens() {
    return settings.ends();
  }

  /** {@return whether the file asks for the beginning-of-text token before a text} */
  public boolean addsBos() {
    return settings.addBos();
  }

  /** {@return the token that the file asks for after a whole text (embedding models do)} */
  public OptionalInt lastToken() {
    return optional(settings.last());
  }

  SpacePrefix spacePrefix() {
    return settings.spacePrefix();
  }

  Vocabulary vocabulary() {
    return vocabulary;
  }

  void requireToken(int id) {
    if (id < 0 || id >= vocabulary.size()) {
      throw new IllegalArgumentException(
          "Token " + id + " is not in the vocabulary of " + vocabulary.size() + " tokens.");
    }
  }

  private static OptionalInt optional(int id) {
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }
}
