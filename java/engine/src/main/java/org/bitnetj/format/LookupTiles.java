package org.bitnetj.format;

/**
 * How bitnet.cpp's kernels for lookup tables were tuned for matrices of one shape: a section of its
 * {@code kernel_config.ini}.
 *
 * @param rows of the matrices, {@code m}
 * @param columns of the matrices, {@code k}
 * @param tileRows {@code bm}, rows that are computed together
 * @param tileColumns {@code bk}, columns that are computed together
 * @param stripRows {@code bmm}, rows whose digits are stored together
 */
public record LookupTiles(int rows, int columns, int tileRows, int tileColumns, int stripRows) {
  /**
   * Refuses tiles that are not of a type's matrices.
   *
   * @throws IllegalArgumentException a clause about the section
   */
  void require(boolean condition, String rule) {
    if (!condition) {
      throw new IllegalArgumentException(
          "m = %d, k = %d, bm = %d, bk = %d, bmm = %d is none of its layouts: %s"
              .formatted(rows, columns, tileRows, tileColumns, stripRows, rule));
    }
  }
}
