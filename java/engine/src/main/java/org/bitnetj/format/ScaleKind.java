package org.bitnetj.format;

/** What shares a scale in a ternary matrix. */
public sealed interface ScaleKind {
  /** The whole matrix. */
  ScaleKind TENSOR = new Tensor();

  /** Each row. */
  ScaleKind ROW = new Row();

  /** Scales of a row of {@code columns} columns; 1 where rows share it. */
  int count(int columns);

  /** One scale for the matrix. */
  record Tensor() implements ScaleKind {
    @Override
    public int count(int columns) {
      return 1;
    }
  }

  /** One scale for each row. */
  record Row() implements ScaleKind {
    @Override
    public int count(int columns) {
      return 1;
    }
  }

  /**
   * One scale for each {@code columns} columns of a row.
   *
   * @param columns at least 1
   */
  record Group(int columns) implements ScaleKind {
    @Override
    public int count(int columns) {
      return (columns + this.columns - 1) / this.columns;
    }
  }
}
