package org.bitnetj.testing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * An array in numpy's .npy format, version 1 or 2, C order, little-endian (numpy.lib.format).
 *
 * @param shape its dimensions, slowest first
 * @param descr numpy's type, such as "<f4"
 * @param data its bytes
 */
public record Npy(int[] shape, String descr, ByteBuffer data) {
  private static final Pattern HEADER =
      Pattern.compile("'descr': '([^']+)'.*'fortran_order': False.*'shape': \\(([^)]*)\\)");

  /** A .npy file among the test resources. */
  public static Npy resource(String name) {
    try (InputStream in = open(name)) {
      return parse(in.readAllBytes());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** All arrays of an .npz archive among the test resources, by name. */
  public static Map<String, Npy> archive(String name) {
    Map<String, Npy> arrays = new HashMap<>();
    try (ZipInputStream zip = new ZipInputStream(open(name))) {
      for (ZipEntry e = zip.getNextEntry(); e != null; e = zip.getNextEntry()) {
        arrays.put(e.getName().replace(".npy", ""), parse(zip.readAllBytes()));
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return arrays;
  }

  private static InputStream open(String name) {
    InputStream in = Npy.class.getResourceAsStream("/" + name);
    if (in == null) {
      throw new AssertionError("no test resource " + name);
    }
    return in;
  }

  /** Reads a whole .npy file. */
  public static Npy parse(byte[] file) {
    ByteBuffer b = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int start = b.get(6) == 1 ? 10 : 12;
    int length = b.get(6) == 1 ? b.getShort(8) & 0xffff : b.getInt(8);
    String header = new String(file, start, length, StandardCharsets.US_ASCII);
    Matcher m = HEADER.matcher(header);
    if (!m.find()) {
      throw new AssertionError("unexpected npy header " + header);
    }
    int[] shape =
        Arrays.stream(m.group(2).split(","))
            .map(String::strip)
            .filter(s -> !s.isEmpty())
            .mapToInt(Integer::parseInt)
            .toArray();
    ByteBuffer data = b.slice(start + length, file.length - start - length);
    return new Npy(shape, m.group(1), data.order(ByteOrder.LITTLE_ENDIAN));
  }

  public float f32(int index) {
    return data.getFloat(4 * index);
  }

  /** Element of a two-dimensional float32 array. */
  public float f32(int row, int column) {
    return f32(row * shape[1] + column);
  }

  public int i32(int index) {
    return data.getInt(4 * index);
  }

  public byte i8(int index) {
    return data.get(index);
  }
}
