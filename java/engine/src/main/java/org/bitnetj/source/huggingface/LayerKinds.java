package org.bitnetj.source.huggingface;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.json.Json;

/**
 * Which kinds of attention the layers of a {@code config.json} have: {@code layer_types}, or of a
 * Gemma without them every sixth layer, or as its pattern says, sees the whole context.
 */
final class LayerKinds {
  /** What a layer sees. */
  enum Kind {
    /** All positions before. */
    FULL("full_attention"),
    /** So many positions before. */
    WINDOW("sliding_attention");

    private final String label;

    Kind(String label) {
      this.label = label;
    }

    /** What transformers calls it. */
    String label() {
      return label;
    }
  }

  private static final String TYPES = "layer_types";

  /** Newer files have it as a private member. */
  private static final List<String> PATTERNS =
      List.of("sliding_window_pattern", "_sliding_window_pattern");

  private static final int USUAL_PATTERN = 6;

  private LayerKinds() {}

  /**
   * The kinds of a model's layers.
   *
   * @param layers how many there are
   * @param patterned whether files without types have a pattern
   * @throws ModelFileException also if there are other kinds
   */
  static Set<Kind> of(Section json, int layers, boolean patterned) throws ModelFileException {
    Optional<List<Json>> types = json.findItems(TYPES);
    Set<Kind> kinds = EnumSet.noneOf(Kind.class);
    if (types.isPresent()) {
      if (types.get().size() != layers) {
        throw json.failure(
            TYPES
                + " has "
                + types.get().size()
                + " entries, but there are "
                + layers
                + " layers.");
      }
      for (Json type : types.get()) {
        kinds.add(kind(json, type));
      }
      return kinds;
    }
    long every = patterned ? USUAL_PATTERN : 1;
    for (String key : PATTERNS) {
      every = patterned ? json.findInteger(key).orElse(every) : every;
      if (every < 1) {
        throw json.failure(json.name(key) + " is " + every + ", out of range.");
      }
    }
    if (every <= layers) {
      kinds.add(Kind.FULL);
    }
    if (every > 1) {
      kinds.add(Kind.WINDOW);
    }
    return kinds;
  }

  private static Kind kind(Section json, Json type) throws ModelFileException {
    String name = type instanceof Json.Text text ? text.value() : "";
    for (Kind kind : Kind.values()) {
      if (kind.label.equals(name)) {
        return kind;
      }
    }
    throw json.failure(
        TYPES
            + " has '"
            + Section.shown(name)
            + "'; this engine knows full_attention and sliding_attention.");
  }
}
