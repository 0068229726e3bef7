package org.bitnetj.tensor;

/**
 * How rows of int8 activations are cut for matrices with {@linkplain TernaryScales.Groups scales by
 * groups of columns}. The last group and the last block of a row may have fewer columns.
 *
 * @param groupColumns columns that have a sum of their own, a multiple of 16; 0 if only rows have
 * @param blockColumns columns that have a scale of their own, a multiple of {@code groupColumns}; 0
 *     if a row has one scale
 */
public record RowGroups(int groupColumns, int blockColumns) {
  /** One sum and one scale a row. */
  public static final RowGroups NONE = new RowGroups(0, 0);

  private static final int LEAST_BLOCK = 128;

  /**
   * @throws IllegalArgumentException if groups do not fit the kernels or blocks are not groups
   */
  public RowGroups {
    boolean groups = groupColumns >= 0 && groupColumns % 16 == 0;
    boolean blocks =
        blockColumns == 0
            || groupColumns > 0 && blockColumns > 0 && blockColumns % groupColumns == 0;
    if (!groups || !blocks) {
      throw new IllegalArgumentException(
          "rows cannot be cut into groups of %d and blocks of %d columns"
              .formatted(groupColumns, blockColumns));
    }
  }

  /** Sums by groups of {@code groupColumns} columns, and one scale per row. */
  public static RowGroups ofRows(int groupColumns) {
    return new RowGroups(groupColumns, 0);
  }

  /**
   * Sums by groups of {@code groupColumns} columns, and scales by blocks: 128 columns where groups
   * are 64 or 128, else the group.
   */
  public static RowGroups ofBlocks(int groupColumns) {
    boolean small = groupColumns > 0 && LEAST_BLOCK % groupColumns == 0 && groupColumns >= 64;
    return new RowGroups(groupColumns, small ? LEAST_BLOCK : groupColumns);
  }

  /** Groups of a row; 1 where there is no cut. */
  int groups(int columns) {
    return runs(columns, groupColumns);
  }

  /** Blocks of a row; 1 where there is no cut. */
  int blocks(int columns) {
    return runs(columns, blockColumns);
  }

  private static int runs(int columns, int run) {
    return run == 0 ? 1 : Math.ceilDiv(columns, run);
  }
}
