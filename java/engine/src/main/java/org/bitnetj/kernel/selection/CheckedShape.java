package org.bitnetj.kernel.selection;

import org.bitnetj.kernel.KernelTier;

/**
 * The sizes of the layer that {@link SelfCheck} computes, and what it must come to.
 *
 * <p>Native kernels are compiled before they are checked: much work costs them little, and they
 * have paths of their own for much work, which must run too. Kernels in Java start in the
 * interpreter, where an operation on vectors takes a microsecond, and have no such paths.
 */
enum CheckedShape {
  /** Enough for each path in Java: more than one panel, and tokens alone and four at a time. */
  SHORT(24, 80, 4, 2, 4, 4, 1, 4),

  /**
   * Enough for each path of the native kernels that a megabyte of operands can reach:
   *
   * <ul>
   *   <li>After the first panel, those of the matrix number 8 * 2 + 1 and those of the head 4 * 9 +
   *       1: they are read in four streams, in two or in pairs, and one is left. A stream has more
   *       than one, so that their distance counts, and the head more than 32, whose rows are
   *       refined from two lists.
   *   <li>In each tier's groups of even size, the numbers of tokens come to groups of every size.
   *   <li>The columns are 27 blocks of 16, the last one not full: more than the 16 whose sums fit
   *       16 bits, an odd number, and more than a line of 256. The rows are more than a line, too.
   *   <li>The five query heads of a cache head go as four and one. At up to 70 positions their keys
   *       come in 4 and in 16 streams, and some are left.
   * </ul>
   */
  LONG(278, 420, 10, 2, 598, 7, 1, 2, 3, 4, 11, 70);

  final int rows;
  final int columns;
  final int queryHeads;
  final int kvHeads;

  /** Rows of the table of embeddings, which is also the head. */
  final int vocabulary;

  /** Rows of the head that are multiplied with each number of tokens. */
  final int logits;

  /** Numbers of tokens in a product; the last is the largest, that of all other operations. */
  final int[] counts;

  CheckedShape(
      int rows,
      int columns,
      int queryHeads,
      int kvHeads,
      int vocabulary,
      int logits,
      int... counts) {
    this.rows = rows;
    this.columns = columns;
    this.queryHeads = queryHeads;
    this.kvHeads = kvHeads;
    this.vocabulary = vocabulary;
    this.logits = logits;
    this.counts = counts;
  }

  static CheckedShape of(KernelTier tier) {
    return tier.isNative() ? LONG : SHORT;
  }

  int headDim() {
    return columns / queryHeads;
  }

  /** Tokens, each at the position of its number. */
  int tokens() {
    return counts[counts.length - 1];
  }

  /** CRC-32 of the scalar kernels' results, in their order. */
  int[] scalar() {
    return switch (this) {
      case SHORT -> SCALAR_SHORT;
      case LONG -> SCALAR_LONG;
    };
  }

  private static final int[] SCALAR_SHORT = {
    0x101f6c5d,
    0x00000001,
    0x7172fb2a,
    0x00000001,
    0xaea88ee7,
    0x00000001,
    0xaea2529c,
    0xa67c6480,
    0x2b0df5bd,
    0x141ff6fe,
    0xe622f4f0,
    0x9febccdb,
    0xd37feb9d,
    0xd37feb9d,
    0xbf654d9c,
    0x03449d0a,
    0x03449d0a,
    0x6834579d,
    0xfa91d331,
    0x9febccdb,
    0x41c515c8,
    0x9febccdb,
    0x493db522,
    0xfe2c1fba,
    0x8a27fdef,
    0x6526d9e2,
    0xcd298e93,
    0x67c7c52d,
    0x2b0df5bd,
    0x00000001,
    0xb2805821,
    0x7d0ef586,
    0xb7810791,
    0xc20a4054,
    0xa7df3739
  };

  private static final int[] SCALAR_LONG = {
    0xf1c5cb89,
    0x00000001,
    0x75a1adc1,
    0x00000001,
    0x4acc72b0,
    0x00000001,
    0xc52fd595,
    0x878623c9,
    0x64472ad3,
    0xd1986e60,
    0x7384f9b2,
    0xceb80b45,
    0x71390df0,
    0xd09c0d33,
    0xe99d50b1,
    0x41ae58d3,
    0x60f89e85,
    0x60f89e85,
    0x457fe6de,
    0x9a26284a,
    0x9a26284a,
    0x4850ec44,
    0x4f014632,
    0x41ae58d3,
    0x3e1f1147,
    0x41ae58d3,
    0x6018bb0f,
    0xbcb1e21a,
    0x293e5470,
    0x05a7a0c0,
    0x45b36cae,
    0xb7a1f8c8,
    0xea2f1310,
    0x09bbb2cc,
    0x150eee3c,
    0x22eab19c,
    0x64472ad3,
    0x00000001,
    0xd1c85b20,
    0x332616e5,
    0xc88bcde3,
    0xf85837aa,
    0xa878f7fc
  };
}
