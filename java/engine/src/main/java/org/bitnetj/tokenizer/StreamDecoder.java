package org.bitnetj.tokenizer;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.function.IntPredicate;
import org.bitnetj.source.VocabularySource.SpacePrefix;

/**
 * Turns tokens into text one at a time and never hands out half a character: the bytes of an
 * unfinished one wait for the next token. Bytes that cannot become a character turn into U+FFFD as
 * soon as that is certain, one for each maximal ill-formed part (Unicode 16, section 3.9, as {@code
 * new String(bytes, UTF_8)} does); what still waits at {@link #finish} does so there. Whatever the
 * split into tokens, the texts joined are the text of all bytes joined.
 *
 * <p>Nothing is allocated per token by {@link #append}. Not thread-safe; make one with {@link
 * Tokenizer#newDecoder}.
 */
public final class StreamDecoder {
  private final Tokenizer tokenizer;
  private final IntPredicate shown; // of special tokens
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private final StringBuilder single = new StringBuilder();
  private ByteBuffer bytes = ByteBuffer.allocate(64);
  private CharBuffer chars = CharBuffer.allocate(64);
  private boolean fresh;

  StreamDecoder(Tokenizer tokenizer, boolean startOfText, IntPredicate shown) {
    this.tokenizer = tokenizer;
    this.shown = shown;
    this.fresh = startOfText;
  }

  /**
   * {@return the text that {@code id} completes, often empty while a character is in the making}
   *
   * @param id the next token
   * @throws IllegalArgumentException when the vocabulary has no such token
   */
  public String next(int id) {
    single.setLength(0);
    append(id, single);
    return single.toString();
  }

  /**
   * As {@link #next}, appended to {@code out}.
   *
   * @param id the next token
   * @param out gets the text
   */
  public void append(int id, StringBuilder out) {
    Objects.requireNonNull(out, "out is null");
    int from = shownFrom(id);
    if (from >= 0) {
      reserve(tokenizer.vocabulary().length(id));
      tokenizer.vocabulary().put(id, from, bytes);
      bytes.flip();
      decoder.decode(bytes, chars, false);
      bytes.compact();
      drain(out);
    }
  }

  /**
   * The bytes of {@code id} as they are, appended to {@code out}; not to be mixed with the methods
   * that make text.
   *
   * @throws IllegalArgumentException when the vocabulary has no such token
   */
  void appendBytes(int id, ByteArrayOutputStream out) {
    int from = shownFrom(id);
    if (from >= 0) {
      byte[] all = tokenizer.bytes(id);
      out.write(all, from, all.length - from);
    }
  }

  /** The first byte of the next token that is part of the text; -1 if none is. */
  private int shownFrom(int id) {
    tokenizer.requireToken(id);
    Vocabulary vocabulary = tokenizer.vocabulary();
    boolean special = tokenizer.isSpecial(id);
    int length = vocabulary.length(id);
    boolean dropSpace =
        fresh
            && !special
            && length > 0
            && tokenizer.spacePrefix() != SpacePrefix.NEVER
            && vocabulary.firstByte(id) == ' ';
    fresh = special ? fresh || hasPrefixAfterSpecials() : fresh && length == 0;
    if (length == 0 || special && !shown.test(id)) {
      return -1;
    }
    return dropSpace ? 1 : 0;
  }

  private boolean hasPrefixAfterSpecials() {
    return switch (tokenizer.spacePrefix()) {
      case NEVER, ALWAYS, UNLESS_SPACE -> true;
      case FIRST, FIRST_UNLESS_SPACE -> false;
    };
  }

  /**
   * {@return the text of the end of the stream: U+FFFD for a character left unfinished, else
   * nothing} Ready for a new text after.
   */
  public String finish() {
    reserve(0);
    bytes.flip();
    decoder.decode(bytes, chars, true);
    decoder.flush(chars);
    decoder.reset();
    bytes.clear();
    single.setLength(0);
    drain(single);
    return single.toString();
  }

  private void drain(StringBuilder out) {
    chars.flip();
    out.append(chars);
    chars.clear();
  }

  /** Room for {@code length} bytes after the waiting ones, and for what they decode to. */
  private void reserve(int length) {
    if (bytes.remaining() < length) {
      ByteBuffer bigger = ByteBuffer.allocate((bytes.position() + length) * 2);
      bytes.flip();
      bytes = bigger.put(bytes);
    }
    if (chars.capacity() < bytes.capacity()) {
      chars = CharBuffer.allocate(bytes.capacity());
    }
  }
}
