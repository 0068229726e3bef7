package org.bitnetj.source.huggingface;

import java.util.Map;
import java.util.Set;
import org.bitnetj.family.Place;
import org.bitnetj.family.Role;

/**
 * What the tensors of roles are called in a checkpoint, where that is not what most are called.
 *
 * @param stored names of all tensors
 * @param prefixed whether they have the prefix that a model without an output head lacks
 */
record TensorNames(Set<String> stored, boolean prefixed) {
  private static final String PREFIX = "model.";

  /** What 1bitLLM's models call the norms inside attention and feed-forward network. */
  private static final Map<Place, String[]> OTHERS =
      Map.of(
          Place.ATTENTION_SUB_NORM, new String[] {"attn_sub_norm", "inner_attn_ln"},
          Place.FEED_FORWARD_SUB_NORM, new String[] {"ffn_sub_norm", "ffn_layernorm"});

  static TensorNames of(Set<String> stored) {
    return new TensorNames(stored, stored.stream().anyMatch(name -> name.startsWith(PREFIX)));
  }

  String of(Role role, int layer) {
    String usual = role.huggingFace(layer);
    String name = !prefixed && usual.startsWith(PREFIX) ? usual.substring(PREFIX.length()) : usual;
    String[] others = OTHERS.get(role.place());
    if (others == null || stored.contains(name)) {
      return name;
    }
    String other = name.replace(others[0], others[1]);
    return stored.contains(other) ? other : name;
  }
}
