package org.bitnetj.family;

import java.util.function.ToIntFunction;

/** Where in the forward pass a tensor is used, and the shape that its place demands. */
public enum Place {
  EMBEDDING(Kind.VOCABULARY_MATRIX, Sizes::width, Sizes::vocabulary),
  OUTPUT_NORM(Kind.VECTOR, Sizes::width, s -> 1),
  HEAD(Kind.VOCABULARY_MATRIX, Sizes::width, Sizes::vocabulary),
  /** What the frequency of each rotated pair is divided by. */
  ROPE_DIVISORS(Kind.VECTOR, s -> s.ropeDimensions() / 2, s -> 1),

  ATTENTION_NORM(Kind.VECTOR, Sizes::width, s -> 1),
  QUERY(Kind.LINEAR, Sizes::width, Sizes::queryWidth),
  KEY(Kind.LINEAR, Sizes::width, Sizes::kvWidth),
  VALUE(Kind.LINEAR, Sizes::width, Sizes::kvWidth),
  /** Of every query head by itself, before it is rotated. */
  QUERY_NORM(Kind.VECTOR, Sizes::headDim, s -> 1),
  /** Of every key head by itself, before it is rotated. */
  KEY_NORM(Kind.VECTOR, Sizes::headDim, s -> 1),
  ATTENTION_SUB_NORM(Kind.VECTOR, Sizes::queryWidth, s -> 1),
  ATTENTION_OUTPUT(Kind.LINEAR, Sizes::queryWidth, Sizes::width),
  FEED_FORWARD_NORM(Kind.VECTOR, Sizes::width, s -> 1),
  GATE(Kind.LINEAR, Sizes::width, Sizes::feedForward),
  UP(Kind.LINEAR, Sizes::width, Sizes::feedForward),
  FEED_FORWARD_SUB_NORM(Kind.VECTOR, Sizes::feedForward, s -> 1),
  DOWN(Kind.LINEAR, Sizes::feedForward, Sizes::width);

  /** What is done with a tensor. */
  public enum Kind {
    /** Floats, one for each element. */
    VECTOR,
    /** A row for each token, used where it is in the file. */
    VOCABULARY_MATRIX,
    /** The ternary weight of a linear layer. */
    LINEAR
  }

  private final Kind kind;
  private final ToIntFunction<Sizes> columns;
  private final ToIntFunction<Sizes> rows;

  Place(Kind kind, ToIntFunction<Sizes> columns, ToIntFunction<Sizes> rows) {
    this.kind = kind;
    this.columns = columns;
    this.rows = rows;
  }

  public Kind kind() {
    return kind;
  }

  /** The length of a row. */
  public int columns(Sizes sizes) {
    return columns.applyAsInt(sizes);
  }

  public int rows(Sizes sizes) {
    return rows.applyAsInt(sizes);
  }

  /** Whether every layer has such a tensor. */
  public boolean isInLayers() {
    return compareTo(ATTENTION_NORM) >= 0;
  }
}
