package org.bitnetj.cli;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Numpy's .npy format, version 1.0 (numpy.lib.format), of float32 in C order. */
final class NpyFormat {
  private NpyFormat() {}

  /**
   * What comes before the data: a magic number, the length of what follows, and a Python dictionary
   * padded so that the data starts at a multiple of 64.
   */
  static byte[] header(int... shape) {
    String sizes =
        Arrays.stream(shape).mapToObj(Integer::toString).collect(Collectors.joining(", "));
    String tuple = "(" + sizes + (shape.length == 1 ? ",)" : ")");
    String dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': " + tuple + ", }";
    int length = Math.ceilDiv(10 + dictionary.length() + 1, 64) * 64 - 10;
    String padded = String.format(Locale.ROOT, "%-" + (length - 1) + "s\n", dictionary);
    return ByteBuffer.allocate(10 + length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) 0x93)
        .put("NUMPY".getBytes(StandardCharsets.US_ASCII))
        .put((byte) 1)
        .put((byte) 0)
        .putShort((short) length)
        .put(padded.getBytes(StandardCharsets.US_ASCII))
        .array();
  }

  /** A row of the data. */
  static byte[] row(float... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }
}
