package org.bitnetj.family;

import static org.bitnetj.family.Place.ATTENTION_NORM;
import static org.bitnetj.family.Place.ATTENTION_OUTPUT;
import static org.bitnetj.family.Place.ATTENTION_SUB_NORM;
import static org.bitnetj.family.Place.DOWN;
import static org.bitnetj.family.Place.EMBEDDING;
import static org.bitnetj.family.Place.FEED_FORWARD_NORM;
import static org.bitnetj.family.Place.FEED_FORWARD_SUB_NORM;
import static org.bitnetj.family.Place.GATE;
import static org.bitnetj.family.Place.HEAD;
import static org.bitnetj.family.Place.KEY;
import static org.bitnetj.family.Place.KEY_NORM;
import static org.bitnetj.family.Place.OUTPUT_NORM;
import static org.bitnetj.family.Place.QUERY;
import static org.bitnetj.family.Place.QUERY_NORM;
import static org.bitnetj.family.Place.ROPE_DIVISORS;
import static org.bitnetj.family.Place.UP;
import static org.bitnetj.family.Place.VALUE;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tensors of a family, in the order of published files: those before the layers, those of each
 * layer, those after them. Loader, check for unknown tensors, memory plan and random models read
 * the same list, so that a family is described once. Names: llama.cpp's {@code gguf} constants and
 * Hugging Face's modeling files.
 */
public final class Manifest {
  private static final String WEIGHT = ".weight";

  /** With a norm before the output of attention and of the feed-forward network. */
  static final Manifest BITNET =
      of(
          before(EMBEDDING, "token_embd", "model.embed_tokens"),
          layer(ATTENTION_NORM, "attn_norm", "input_layernorm"),
          layer(QUERY, "attn_q", "self_attn.q_proj"),
          layer(KEY, "attn_k", "self_attn.k_proj"),
          layer(VALUE, "attn_v", "self_attn.v_proj"),
          layer(ATTENTION_SUB_NORM, "attn_sub_norm", "self_attn.attn_sub_norm"),
          layer(ATTENTION_OUTPUT, "attn_output", "self_attn.o_proj"),
          layer(FEED_FORWARD_NORM, "ffn_norm", "post_attention_layernorm"),
          layer(GATE, "ffn_gate", "mlp.gate_proj"),
          layer(UP, "ffn_up", "mlp.up_proj"),
          layer(FEED_FORWARD_SUB_NORM, "ffn_sub_norm", "mlp.ffn_sub_norm"),
          layer(DOWN, "ffn_down", "mlp.down_proj"),
          before(OUTPUT_NORM, "output_norm", "model.norm"),
          optional(HEAD, "output", "lm_head"));

  /** Plain layers, and maybe divisors of the rotary frequencies (Llama 3.1). */
  static final Manifest LLAMA =
      of(
          before(EMBEDDING, "token_embd", "model.embed_tokens"),
          optional(ROPE_DIVISORS, "rope_freqs", "rope_freqs"),
          layer(ATTENTION_NORM, "attn_norm", "input_layernorm"),
          layer(QUERY, "attn_q", "self_attn.q_proj"),
          layer(KEY, "attn_k", "self_attn.k_proj"),
          layer(VALUE, "attn_v", "self_attn.v_proj"),
          layer(ATTENTION_OUTPUT, "attn_output", "self_attn.o_proj"),
          layer(FEED_FORWARD_NORM, "ffn_norm", "post_attention_layernorm"),
          layer(GATE, "ffn_gate", "mlp.gate_proj"),
          layer(UP, "ffn_up", "mlp.up_proj"),
          layer(DOWN, "ffn_down", "mlp.down_proj"),
          before(OUTPUT_NORM, "output_norm", "model.norm"),
          optional(HEAD, "output", "lm_head"));

  /** With a norm of each query and key head. */
  static final Manifest QWEN3 =
      of(
          before(EMBEDDING, "token_embd", "model.embed_tokens"),
          layer(ATTENTION_NORM, "attn_norm", "input_layernorm"),
          layer(QUERY, "attn_q", "self_attn.q_proj"),
          layer(KEY, "attn_k", "self_attn.k_proj"),
          layer(VALUE, "attn_v", "self_attn.v_proj"),
          layer(QUERY_NORM, "attn_q_norm", "self_attn.q_norm"),
          layer(KEY_NORM, "attn_k_norm", "self_attn.k_norm"),
          layer(ATTENTION_OUTPUT, "attn_output", "self_attn.o_proj"),
          layer(FEED_FORWARD_NORM, "ffn_norm", "post_attention_layernorm"),
          layer(GATE, "ffn_gate", "mlp.gate_proj"),
          layer(UP, "ffn_up", "mlp.up_proj"),
          layer(DOWN, "ffn_down", "mlp.down_proj"),
          before(OUTPUT_NORM, "output_norm", "model.norm"),
          optional(HEAD, "output", "lm_head"));

  private final List<Role> roles;
  private final Map<Place, Role> places = new EnumMap<>(Place.class);

  private Manifest(List<Role> roles) {
    this.roles = roles;
    roles.forEach(role -> places.put(role.place(), role));
  }

  private static Manifest of(Role... roles) {
    return new Manifest(List.of(roles));
  }

  private static Role before(Place place, String gguf, String huggingFace) {
    return new Role(place, gguf + WEIGHT, huggingFace + WEIGHT, false);
  }

  private static Role optional(Place place, String gguf, String huggingFace) {
    return new Role(place, gguf + WEIGHT, huggingFace + WEIGHT, true);
  }

  private static Role layer(Place place, String gguf, String huggingFace) {
    return new Role(
        place, "blk.%d." + gguf + WEIGHT, "model.layers.%d." + huggingFace + WEIGHT, false);
  }

  /** All roles, in the order of published files. */
  public List<Role> roles() {
    return roles;
  }

  /** The role of a place; empty if the family has no such tensor. */
  public Optional<Role> at(Place place) {
    return Optional.ofNullable(places.get(place));
  }

  /** Whether the layers of the family have a tensor at that place. */
  public boolean has(Place place) {
    return places.containsKey(place);
  }
}
