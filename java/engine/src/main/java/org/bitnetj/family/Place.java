package org.bitnetj.family;

import java.util.function.ToIntFunction;

/** Where in the forward pass a tensor is used, and the shape that its place demands. */
public enum Place {
  EMBEDDING(Kind.VOCABULARY_MATRIX, Sizes::width, Sizes::vocabulary),
  OUTPUT_NORM(Kind.VECTOR, Sizes::width, s -> 1),
  HEAD(Kind.VOCABULARY_MATRIX, Sizes::width, Sizes::vocabulary),
  /** What the frequency of each rotated pair is divided by. */
  ROPE_DIVISORS(Kind.VECTOR, s -> s.ropeDimensions() / 2, s -> 1),
  /** The same beyond the context of the first training, where models are not used. */
  ROPE_LONG_DIVISORS(Kind.VECTOR, s -> s.ropeDimensions() / 2, s -> 1),

  ATTENTION_NORM(Kind.VECTOR, Sizes::width, s -> 1),
  /** Of a linear layer's own input, here and in the places named alike, after all other norms. */
  QUERY_INPUT_NORM(Kind.VECTOR, Sizes::width, s -> 1),
  QUERY(Kind.LINEAR, Sizes::width, Sizes::queryWidth),
  KEY_INPUT_NORM(Kind.VECTOR, Sizes::width, s -> 1),
  KEY(Kind.LINEAR, Sizes::width, Sizes::kvWidth),
  VALUE_INPUT_NORM(Kind.VECTOR, Sizes::width, s -> 1),
  VALUE(Kind.LINEAR, Sizes::width, Sizes::kvWidth),
  /** Of every query head by itself, before or after it is rotated, as the family has it. */
  QUERY_NORM(Kind.VECTOR, Sizes::headDim, s -> 1),
  /** Of every key head by itself, likewise. */
  KEY_NORM(Kind.VECTOR, Sizes::headDim, s -> 1),
  ATTENTION_SUB_NORM(Kind.VECTOR, Sizes::queryWidth, s -> 1),
  ATTENTION_OUTPUT_INPUT_NORM(Kind.VECTOR, Sizes::queryWidth, s -> 1),
  ATTENTION_OUTPUT(Kind.LINEAR, Sizes::queryWidth, Sizes::width),
  /** Of what attention adds to the residual stream. */
  ATTENTION_POST_NORM(Kind.VECTOR, Sizes::width, s -> 1),
  FEED_FORWARD_NORM(Kind.VECTOR, Sizes::width, s -> 1),
  GATE_INPUT_NORM(Kind.VECTOR, Sizes::width, s -> 1),
  GATE(Kind.LINEAR, Sizes::width, Sizes::feedForward),
  UP_INPUT_NORM(Kind.VECTOR, Sizes::width, s -> 1),
  UP(Kind.LINEAR, Sizes::width, Sizes::feedForward),
  FEED_FORWARD_SUB_NORM(Kind.VECTOR, Sizes::feedForward, s -> 1),
  DOWN_INPUT_NORM(Kind.VECTOR, Sizes::feedForward, s -> 1),
  DOWN(Kind.LINEAR, Sizes::feedForward, Sizes::width),
  /** Of what the feed-forward network adds to the residual stream. */
  FEED_FORWARD_POST_NORM(Kind.VECTOR, Sizes::width, s -> 1);

  /** What is done with a tensor. */
  public enum Kind {
    /** Floats, one for each element. */
    VECTOR,
    /** A row for each token, used where it is in the file. */
    VOCABULARY_MATRIX,
    /** The weight of a linear layer, of ternary digits or of floats. */
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

  /**
   * Where the norm of a linear layer's own input is.
   *
   * @throws IllegalStateException if this is not the place of a linear layer
   */
  public Place inputNorm() {
    return switch (this) {
      case QUERY -> QUERY_INPUT_NORM;
      case KEY -> KEY_INPUT_NORM;
      case VALUE -> VALUE_INPUT_NORM;
      case ATTENTION_OUTPUT -> ATTENTION_OUTPUT_INPUT_NORM;
      case GATE -> GATE_INPUT_NORM;
      case UP -> UP_INPUT_NORM;
      case DOWN -> DOWN_INPUT_NORM;
      default -> throw new IllegalStateException(this + " is not the place of a linear layer");
    };
  }

  /** Whether every layer has such a tensor. */
  public boolean isInLayers() {
    return compareTo(ATTENTION_NORM) >= 0;
  }
}
