package org.bitnetj.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A float32 array in numpy's .npy format 1.0, read as strictly as numpy does. */
record Npy(List<Integer> shape, FloatBuffer data) {
  private static final Pattern HEADER =
      Pattern.compile(
          "\\{'descr': '<f4', 'fortran_order': False, 'shape': \\(([0-9, ]*)\\), \\} *\n");

  static Npy parse(byte[] file) {
    ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    String magic = new String(file, 0, 8, StandardCharsets.ISO_8859_1);
    assertEquals("\u0093NUMPY\u0001\u0000", magic);
    int start = 10 + (bytes.getShort(8) & 0xffff);
    assertEquals(0, start % 64, "the data must be aligned");
    String header = new String(file, 10, start - 10, StandardCharsets.US_ASCII);
    Matcher matcher = HEADER.matcher(header);
    assertTrue(matcher.matches(), header);
    List<Integer> shape =
        Arrays.stream(matcher.group(1).split(", ?")).map(Integer::valueOf).toList();
    ByteBuffer rest = bytes.slice(start, file.length - start).order(ByteOrder.LITTLE_ENDIAN);
    Npy array = new Npy(shape, rest.asFloatBuffer());
    assertEquals(shape.stream().mapToInt(i -> i).reduce(1, Math::multiplyExact), array.size());
    return array;
  }

  int size() {
    return data.capacity();
  }

  float get(int index) {
    return data.get(index);
  }
}
