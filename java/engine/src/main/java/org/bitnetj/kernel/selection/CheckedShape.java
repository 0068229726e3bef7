package org.bitnetj.kernel.selection;

import org.bitnetj.kernel.KernelTier;

/**
 * The sizes of the layer that {@link SelfCheck} computes, and what it must come to. Each reaches
 * the paths that its comment names; what else there is, the test suite alone covers.
 *
 * <p>Native kernels are compiled before they are checked: much work costs them little, and they
 * have paths of their own for much work. Kernels in Java start in the interpreter, where an
 * operation on vectors takes microseconds.
 */
enum CheckedShape {
  /**
   * Enough for kernels in Java to split a product after 256 columns, to multiply tokens alone, by
   * three and by four, to merge two chunks of attention over a cache in float16, and to decode
   * every type of head. Left out are what more tokens than five, other sizes of heads and long rows
   * come to, and vectors of another width than this machine's.
   */
  SHORT(24, 264, 11, 5, 0, new int[] {258}, new Heads[] {new Heads(4, 2)}, 3, 5),

  /**
   * Enough for these paths of the native kernels:
   *
   * <ul>
   *   <li>After the first panel, those of the matrix number 8 * 2 + 1 and those of the head 4 * 9 +
   *       1: they are read in four streams, in two or in pairs, and one is left. A stream has more
   *       than one, so that their distance counts, and the head more than 32, whose rows are
   *       refined from two lists.
   *   <li>The tall matrix has more panels than tokens take turns on in cache, 256 KiB, and more
   *       gates than the 1024 that are looked at together.
   *   <li>In each tier's groups of even size, the numbers of tokens come to groups of every size.
   *       Heads in blocks are multiplied with up to 18 tokens at a time, six of them or three
   *       together; of these any number is left.
   *   <li>The columns are 27 blocks of 16, the last one not full: more than the 16 whose sums fit
   *       16 bits, an odd number, and more than a line of 256. The rows are more than a line, too.
   *       Heads in blocks have columns in two tiles of 256.
   *   <li>Attention takes query heads of a cache head by eight and by four; one, two and three are
   *       left. Four or two together have more elements than their sums have registers, so that
   *       they go in parts. Keys come in 4, 8 and 16 streams, and some are left. Two chunks merge.
   *   <li>Heads of every type are multiplied, embedded and copied in low bits.
   * </ul>
   *
   * <p>Left out are a head that goes alone and has more than 42 elements, more than 16 lines or
   * 8192 columns of a sparse product, more than two chunks of attention, tables and strides beyond
   * 32 bits, sums near their bounds, every input that is not finite or not a digit, and what is
   * asked of kernels that they must refuse.
   */
  LONG(
      278,
      420,
      598,
      7,
      2448,
      new int[] {255, 256, 298},
      new Heads[] {new Heads(10, 2), new Heads(6, 1), new Heads(11, 1)},
      1,
      2,
      3,
      4,
      8,
      11,
      67);

  /** Query heads, and the cache heads that share them; what columns are left are not used. */
  record Heads(int query, int kv) {}

  final int rows;
  final int columns;

  /** Rows of the table of embeddings, which is also the head. */
  final int vocabulary;

  /** Rows of the heads that are multiplied with each number of tokens. */
  final int logits;

  /** Rows of a further matrix; 0 for none. */
  final int tallRows;

  /**
   * Positions that attention is also computed at, after those of the tokens, in rising order: the
   * last is beyond the first chunk of 256, and the last that is stored.
   */
  final int[] late;

  /** Of each layer of attention. */
  final Heads[] heads;

  /** Numbers of tokens in a product; the last is the largest, that of all other operations. */
  final int[] counts;

  CheckedShape(
      int rows,
      int columns,
      int vocabulary,
      int logits,
      int tallRows,
      int[] late,
      Heads[] heads,
      int... counts) {
    this.rows = rows;
    this.columns = columns;
    this.vocabulary = vocabulary;
    this.logits = logits;
    this.tallRows = tallRows;
    this.late = late;
    this.heads = heads;
    this.counts = counts;
  }

  static CheckedShape of(KernelTier tier) {
    return tier.isNative() ? LONG : SHORT;
  }

  /** Of the first layer of attention, and of rotation. */
  int headDim() {
    return columns / heads[0].query();
  }

  /** Positions that are stored. */
  int context() {
    return late[late.length - 1] + 1;
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
    0x1e9df6e8,
    0x00000001,
    0x605b4a46,
    0x00000001,
    0xb8d478f1,
    0x00000001,
    0xcc5238e3,
    0x1d8e8bbb,
    0xe2366f68,
    0xff80bfce,
    0x3377c46c,
    0x2f4ceb4f,
    0xc6fa4e07,
    0x3b0cb4ce,
    0x3e53cc36,
    0x29b49eac,
    0x57161647,
    0x991b2b79,
    0xbeed3ca7,
    0xa11c41d4,
    0xb6223e6e,
    0x30032b8b,
    0x9228e681,
    0x38ebf102,
    0x92e6a190,
    0xd083856e,
    0x81f5e6e8,
    0x019af391,
    0x71cd9595,
    0x1122e129,
    0x77235a9f,
    0x21296d3c,
    0x37b3d8e7,
    0x5b2820d9,
    0x1d4d62f4,
    0x00000001,
    0x12104f98,
    0x9b48d45e,
    0x6bad416b,
    0x00000001,
    0x48e45711,
    0x00000001,
    0xad497f40,
    0x00000001,
    0xc62b0bfd,
    0x00000001,
    0x2be38bd6
  };

  private static final int[] SCALAR_LONG = {
    0x55b44973,
    0x00000001,
    0x75a1adc1,
    0x00000001,
    0x4acc72b0,
    0x00000001,
    0x80a18d14,
    0xa0e237aa,
    0xcae34745,
    0x6a7b089e,
    0x8768f770,
    0x9e0ce58a,
    0x756241f0,
    0x6fa3a4ad,
    0xd4c74133,
    0xf2ad1497,
    0x6499a579,
    0xac879965,
    0x17f30c13,
    0x0f5b969e,
    0x8e17116d,
    0xdfc849fe,
    0x25266a4d,
    0x9b5a55a5,
    0x11615a9f,
    0x2edd70c8,
    0x07688042,
    0x82e08af4,
    0x61d20d09,
    0x86741189,
    0x2bd43b3a,
    0x59494e96,
    0x894c7c3b,
    0xfc45a510,
    0x986af30f,
    0x3e786a94,
    0x918db33f,
    0xcce01935,
    0x21a77865,
    0x112dd846,
    0xa761a461,
    0xab1e9602,
    0x9623d1d0,
    0x3d5fcd7e,
    0x5c6e0f96,
    0xcb552257,
    0x2232bb52,
    0x049c60ae,
    0x9268168d,
    0x146443a7,
    0x09bbb2cc,
    0x501f5565,
    0x22eab19c,
    0xcae34745,
    0x00000001,
    0x0d53c385,
    0x19e9949e,
    0x0af5dcc9,
    0xd7cc9483,
    0x00000001,
    0x58c0e5d8,
    0x369b670d,
    0x1bb7ae63,
    0x00000001,
    0x58856a0f,
    0x00000001,
    0xfe5d48b4,
    0x00000001,
    0xe1f15c7a,
    0x00000001,
    0x1d3c0415
  };
}
