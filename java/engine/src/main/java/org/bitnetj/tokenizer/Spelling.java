package org.bitnetj.tokenizer;

import java.util.Arrays;

/** How a vocabulary writes the bytes of its tokens as text. */
enum Spelling {
  /**
   * GPT-2's: every byte is one printable character. Bytes that are printable in Latin-1 are
   * themselves, the others are U+0100 and up in byte order.
   */
  BYTE_LEVEL {
    @Override
    int decode(byte[] text, int from, int to, byte[] out, int at) {
      int length = at;
      for (int i = from; i < to; i++) {
        int c = text[i];
        if (c < 0) {
          // All characters of this alphabet are below U+0144: one or two bytes.
          if ((c & 0xE0) != 0xC0 || i + 1 == to || (text[i + 1] & 0xC0) != 0x80) {
            return -1;
          }
          c = (c & 0x1F) << 6 | (text[++i] & 0x3F);
        }
        int b = c < BYTE_OF.length ? BYTE_OF[c] : -1;
        if (b < 0) {
          return -1;
        }
        out[length++] = (byte) b;
      }
      return length;
    }
  },

  /** SentencePiece's: a space is U+2581, everything else is itself. */
  SENTENCE_PIECE {
    @Override
    int decode(byte[] text, int from, int to, byte[] out, int at) {
      int length = at;
      for (int i = from; i < to; i++) {
        if (isSpaceMark(text, i, to)) {
          out[length++] = ' ';
          i += 2;
        } else {
          out[length++] = text[i];
        }
      }
      return length;
    }
  };

  private static final short[] BYTE_OF = byteOfCharacter();

  /**
   * Writes the bytes that {@code text[from, to)} represents to {@code out} from {@code at} on;
   * never more than {@code to - from}.
   *
   * @return where they end, or −1 if a character of the text does not represent a byte
   */
  abstract int decode(byte[] text, int from, int to, byte[] out, int at);

  /** As {@link #decode}, of a user-defined token, which may be spelled as it is in texts. */
  int decodeUserDefined(byte[] text, byte[] out) {
    if (this == SENTENCE_PIECE) {
      return decode(text, 0, text.length, out, 0);
    }
    System.arraycopy(text, 0, out, 0, text.length);
    return text.length;
  }

  /** Whether U+2581 is at {@code at}. */
  static boolean isSpaceMark(byte[] text, int at, int end) {
    return text[at] == (byte) 0xE2
        && at + 2 < end
        && text[at + 1] == (byte) 0x96
        && text[at + 2] == (byte) 0x81;
  }

  private static short[] byteOfCharacter() {
    short[] table = new short[256 + 68];
    Arrays.fill(table, (short) -1);
    int next = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b > 32 && b < 127) || (b > 160 && b != 173);
      table[printable ? b : next++] = (short) b;
    }
    return table;
  }
}
