package org.bitnetj.source;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How the elements of a tensor are stored. Ids are those of GGUF's tensor directory; a block is the
 * smallest run of elements along the first dimension that is stored together. The list holds every
 * type whose size is known, so that any such file can be listed; which of them the engine computes
 * with is decided where weights are loaded.
 *
 * <p>Two ids are taken twice in the wild: 39 (MXFP4, and bitnet.cpp's TL2 until 2025) and 42 (Q2_0
 * with groups of 64 or 128, and TL2 since 2026). {@link #ofId(int)} gives the upstream meaning,
 * {@link #allOfId(int)} all of them; only the byte size of the tensors tells them apart.
 */
public enum TensorType {
  F32(0, 1, 4),
  F16(1, 1, 2),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q8_0(8, 32, 34),
  Q2_K(10, 256, 84),
  Q3_K(11, 256, 110),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210),
  IQ2_XXS(16, 256, 66),
  IQ2_XS(17, 256, 74),
  IQ3_XXS(18, 256, 98),
  IQ1_S(19, 256, 50),
  IQ4_NL(20, 32, 18),
  IQ3_S(21, 256, 110),
  IQ2_S(22, 256, 82),
  IQ4_XS(23, 256, 136),
  I8(24, 1, 1),
  I16(25, 1, 2),
  I32(26, 1, 4),
  I64(27, 1, 8),
  F64(28, 1, 8),
  IQ1_M(29, 256, 56),
  BF16(30, 1, 2),
  TQ1_0(34, 256, 54),
  TQ2_0(35, 256, 66),
  /** bitnet.cpp's two-bit ternary: n/4 bytes, then one float32 scale and 28 bytes of padding. */
  I2_S(36, 128, 32),
  /** bitnet.cpp's lookup-table layout for ARM: n/4 bytes and 32 bytes with the scale. */
  TL1(38, 128, 32),
  MXFP4(39, 32, 17),
  /** Upstream ggml's two-bit type: groups of 64 with a float16 scale. */
  Q2_0(42, 64, 18),
  /** PrismML's fork of Q2_0 under the same id: groups of 128 with a float16 scale. */
  Q2_0_G128(42, 128, 34),
  /** bitnet.cpp's lookup-table layout for x86; it moved from id 39 to 42. */
  TL2(42, 1, 0),
  /** ik_llama.cpp's base-3 ternary: a float16 scale a row, then 13 bytes per 64. */
  IQ1_BN(134, 64, 13),
  /** ik_llama.cpp's two-bit ternary: a float32 scale a row, then 16 bytes per 64. */
  IQ2_BN(135, 64, 16),
  /** IQ2_BN with four rows interleaved. */
  IQ2_BN_R4(335, 64, 16);

  /** TL2's id in files written until 2025. */
  private static final int OLD_TL2_ID = 39;

  private final int id;
  private final int blockElements;
  private final int blockBytes;

  TensorType(int id, int blockElements, int blockBytes) {
    this.id = id;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
  }

  public int id() {
    return id;
  }

  public int blockElements() {
    return blockElements;
  }

  /** Bytes of one block, scales that are stored per row or per tensor not counted. */
  public int blockBytes() {
    return blockBytes;
  }

  /** The first type of that id; for the two ids taken twice, upstream ggml's. */
  public static Optional<TensorType> ofId(int id) {
    return allOfId(id).stream().findFirst();
  }

  /** Every type written under that id, upstream ggml's first. */
  public static List<TensorType> allOfId(int id) {
    List<TensorType> found = new ArrayList<>(1);
    for (TensorType type : values()) {
      if (type.id == id || (type == TL2 && id == OLD_TL2_ID)) {
        found.add(type);
      }
    }
    return found;
  }

  /**
   * Bytes that a tensor of this type and shape takes, scales included.
   *
   * @param dims sizes, fastest first, each at least 1
   * @throws IllegalArgumentException if the type cannot hold that shape or the size exceeds 2^63-1;
   *     the message is a clause that follows the tensor's name
   */
  public long bytes(List<Long> dims) {
    try {
      long columns = dims.getFirst();
      long rows = 1;
      for (long d : dims.subList(1, dims.size())) {
        rows = Math.multiplyExact(rows, d);
      }
      return switch (this) {
        case I2_S, TL1 -> scaledSlices(columns, rows, dims.size() > 1 ? dims.get(1) : 1);
        case TL2 -> tl2Bytes(columns, rows);
        case IQ1_BN -> Math.multiplyExact(rows, Math.addExact(2, rowBytes(columns)));
        case IQ2_BN -> Math.multiplyExact(rows, Math.addExact(4, rowBytes(columns)));
        case IQ2_BN_R4 -> {
          if (rows % 4 != 0) {
            throw new IllegalArgumentException(
                "has " + rows + " rows, but IQ2_BN_R4 stores rows in fours");
          }
          yield Math.multiplyExact(rows, Math.addExact(4, rowBytes(columns)));
        }
        default -> Math.multiplyExact(rows, rowBytes(columns));
      };
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "has dimensions " + dims + ", more than any file holds", e);
    }
  }

  private long rowBytes(long columns) {
    if (columns % blockElements != 0) {
      throw new IllegalArgumentException(
          "has rows of "
              + columns
              + " elements, but "
              + this
              + " stores them in blocks of "
              + blockElements);
    }
    return Math.multiplyExact(columns / blockElements, blockBytes);
  }

  /** n/4 + 32 bytes for each slice of {@code columns} by {@code sliceRows}. */
  private long scaledSlices(long columns, long rows, long sliceRows) {
    long n = Math.multiplyExact(columns, sliceRows);
    if (n % blockElements != 0) {
      throw new IllegalArgumentException(
          "has " + n + " elements, but " + this + " stores them in blocks of " + blockElements);
    }
    return Math.multiplyExact(rows / sliceRows, n / 4 + 32);
  }

  /** The size bitnet.cpp computes: all but 256 columns as triples, those 256 as pairs. */
  private static long tl2Bytes(long columns, long rows) {
    if (columns < 256) {
      throw new IllegalArgumentException(
          "has rows of " + columns + " elements, but TL2 needs at least 256");
    }
    long triples = Math.multiplyExact(Math.multiplyExact(columns - 256, rows) / 3, 5) / 8;
    long pairs = Math.multiplyExact(Math.multiplyExact(256, rows) / 2, 4) / 8;
    return Math.addExact(Math.addExact(triples, pairs), 31 + 32) / 32 * 32;
  }

  /**
   * For a layout private to another engine: whose it is and what to use instead, as a clause. Empty
   * for I2_S, TQ1_0, TQ2_0 and ggml's own types.
   */
  public Optional<String> foreign() {
    return switch (this) {
      case TL1, TL2 ->
          Optional.of(
              this
                  + " is bitnet.cpp's lookup-table layout for "
                  + (this == TL1 ? "ARM" : "x86")
                  + ", bound to the kernel_config.ini it was tuned with, which is not in the file;"
                  + " use the I2_S file of the same model");
      case Q2_0, Q2_0_G128 ->
          Optional.of(
              this + " is llama.cpp's two-bit type with a scale per group of " + blockElements);
      case IQ1_BN, IQ2_BN, IQ2_BN_R4 ->
          Optional.of(this + " is ik_llama.cpp's own ternary layout with one scale per row");
      default -> Optional.empty();
    };
  }
}
