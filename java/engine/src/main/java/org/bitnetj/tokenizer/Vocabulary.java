package org.bitnetj.tokenizer;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.bitnetj.error.ModelFileException;

/**
 * Every token as its bytes in text, in one array, and the way back from bytes to the ids that text
 * may become. Control and unknown tokens have bytes (their name) but are not found by them.
 * Immutable once built.
 */
final class Vocabulary {
  private final byte[] blob;
  private final int[] offsets;
  private final byte[] types;
  private final SpanTable textual;
  private final int textBytes;

  private Vocabulary(byte[] blob, int[] offsets, byte[] types, SpanTable textual, int textBytes) {
    this.blob = blob;
    this.offsets = offsets;
    this.types = types;
    this.textual = textual;
    this.textBytes = textBytes;
  }

  int size() {
    return types.length;
  }

  TokenType type(int id) {
    return TokenType.ofOrdinal(types[id]);
  }

  boolean is(int id, TokenType type) {
    return types[id] == type.ordinal();
  }

  /** The ordinary token spelled {@code text[from, to)}, or −1. */
  int find(byte[] text, int from, int to) {
    return textual.find(text, from, to);
  }

  /** Finds the ordinary tokens in spans of a text. */
  SpanTable textual() {
    return textual;
  }

  byte[] bytes(int id) {
    return Arrays.copyOfRange(blob, offsets[id], offsets[id + 1]);
  }

  int length(int id) {
    return offsets[id + 1] - offsets[id];
  }

  byte firstByte(int id) {
    return blob[offsets[id]];
  }

  void put(int id, int skip, ByteBuffer out) {
    out.put(blob, offsets[id] + skip, length(id) - skip);
  }

  /** Length of all tokens that are text, in bytes. */
  int textBytes() {
    return textBytes;
  }

  /** Collects tokens in id order. */
  static final class Builder {
    private final int size;
    private final int[] offsets;
    private final byte[] types;
    private final boolean[] textual;
    private byte[] blob;
    private int count;

    Builder(int size) {
      this.size = size;
      this.offsets = new int[size + 1];
      this.types = new byte[size];
      this.textual = new boolean[size];
      this.blob = new byte[Math.max(64, 8 * size)];
    }

    /**
     * Adds the next token, spelled by {@code length} bytes from {@code from} on.
     *
     * @param text whether text of these bytes may become the token
     */
    void add(byte[] bytes, int from, int length, TokenType type, boolean text) {
      int at = offsets[count];
      if (blob.length - at < length) {
        blob = Arrays.copyOf(blob, Math.max(at + length, blob.length * 2));
      }
      System.arraycopy(bytes, from, blob, at, length);
      types[count] = (byte) type.ordinal();
      textual[count++] = text && length > 0;
      offsets[count] = at + length;
    }

    /** The vocabulary; {@code duplicates} is called for two text tokens with the same bytes. */
    Vocabulary build(TokenTable.Duplicates duplicates) throws ModelFileException {
      blob = Arrays.copyOf(blob, offsets[size]);
      SpanTable table = new SpanTable(blob, offsets, size);
      int textBytes = 0;
      for (int id = 0; id < size; id++) {
        if (textual[id] && types[id] != TokenType.USER_DEFINED.ordinal()) {
          int same = table.add(id);
          if (same >= 0) {
            duplicates.found(same, id);
          }
          textBytes += offsets[id + 1] - offsets[id];
        }
      }
      // User-defined tokens last: if a normal token has the same bytes, merges produce that one.
      for (int id = 0; id < size; id++) {
        if (textual[id] && types[id] == TokenType.USER_DEFINED.ordinal()) {
          table.add(id);
          textBytes += offsets[id + 1] - offsets[id];
        }
      }
      return new Vocabulary(blob, offsets, types, table, textBytes);
    }
  }
}
