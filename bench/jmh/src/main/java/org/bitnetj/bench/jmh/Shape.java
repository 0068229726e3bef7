package org.bitnetj.bench.jmh;

/** A matrix's sides, written {@code rows x columns} without the spaces. */
record Shape(int rows, int columns) {
  static Shape of(String text) {
    String[] sides = text.split("x");
    return new Shape(Integer.parseInt(sides[0]), Integer.parseInt(sides[1]));
  }
}
