package org.bitnetj.format;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Matrices of one shape in a layout for lookup tables, of which the tiles are known. */
sealed interface TiledFormat extends TernaryFormat permits Tl1Format, Tl2Format {
  /** The type, which has the size. */
  LookupTable stored();

  LookupTiles tiles();

  @Override
  default String name() {
    return stored().name();
  }

  @Override
  default int id() {
    return stored().id();
  }

  /** None: kernels do not know the tiles. */
  @Override
  default int layoutId() {
    return NO_LAYOUT_ID;
  }

  @Override
  default int blockColumns() {
    return stored().blockColumns();
  }

  @Override
  default int blockBytes() {
    return stored().blockBytes();
  }

  @Override
  default long bytes(long rows, long columns) {
    return stored().bytes(rows, columns);
  }

  @Override
  default ScaleKind scaleKind() {
    return ScaleKind.TENSOR;
  }

  @Override
  default void scales(MemorySegment data, int columns, int row, float[] out) {
    out[0] = data.get(JAVA_FLOAT_UNALIGNED, data.byteSize() - LookupTable.SCALE_BYTES);
  }
}
