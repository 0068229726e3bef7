package org.bitnetj.format;

/** Ternary weights that are stored as floats. */
interface OfFloats extends TernaryFormat {
  /** How the floats are stored. */
  FloatFormat stored();

  /** None: GGUF has no such type. */
  @Override
  default int id() {
    return -1;
  }

  @Override
  default int blockColumns() {
    return stored().blockColumns();
  }

  @Override
  default int blockBytes() {
    return stored().blockBytes();
  }
}
