package org.bitnetj.family;

import static org.bitnetj.family.Place.ATTENTION_NORM;
import static org.bitnetj.family.Place.ATTENTION_OUTPUT;
import static org.bitnetj.family.Place.ATTENTION_OUTPUT_INPUT_NORM;
import static org.bitnetj.family.Place.ATTENTION_POST_NORM;
import static org.bitnetj.family.Place.ATTENTION_SUB_NORM;
import static org.bitnetj.family.Place.DOWN;
import static org.bitnetj.family.Place.DOWN_INPUT_NORM;
import static org.bitnetj.family.Place.EMBEDDING;
import static org.bitnetj.family.Place.FEED_FORWARD_NORM;
import static org.bitnetj.family.Place.FEED_FORWARD_POST_NORM;
import static org.bitnetj.family.Place.FEED_FORWARD_SUB_NORM;
import static org.bitnetj.family.Place.GATE;
import static org.bitnetj.family.Place.GATE_INPUT_NORM;
import static org.bitnetj.family.Place.HEAD;
import static org.bitnetj.family.Place.KEY;
import static org.bitnetj.family.Place.KEY_INPUT_NORM;
import static org.bitnetj.family.Place.KEY_NORM;
import static org.bitnetj.family.Place.OUTPUT_NORM;
import static org.bitnetj.family.Place.QUERY;
import static org.bitnetj.family.Place.QUERY_INPUT_NORM;
import static org.bitnetj.family.Place.QUERY_NORM;
import static org.bitnetj.family.Place.ROPE_DIVISORS;
import static org.bitnetj.family.Place.ROPE_LONG_DIVISORS;
import static org.bitnetj.family.Place.UP;
import static org.bitnetj.family.Place.UP_INPUT_NORM;
import static org.bitnetj.family.Place.VALUE;
import static org.bitnetj.family.Place.VALUE_INPUT_NORM;

import java.util.ArrayList;
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

  /** As Llama, with other divisors of the rotary frequencies (LongRoPE). */
  static final Manifest MINICPM =
      LLAMA
          .with(optional(ROPE_DIVISORS, "rope_factors_short", "rope_factors_short"))
          .plus(
              ROPE_DIVISORS,
              optional(ROPE_LONG_DIVISORS, "rope_factors_long", "rope_factors_long"));

  /**
   * With a norm of each query and key head. BitNet's embedding models have a norm before each
   * linear layer too.
   */
  static final Manifest QWEN3 =
      of(
          before(EMBEDDING, "token_embd", "model.embed_tokens"),
          layer(ATTENTION_NORM, "attn_norm", "input_layernorm"),
          inputNorm(QUERY_INPUT_NORM, "attn_q", "self_attn.q_proj"),
          layer(QUERY, "attn_q", "self_attn.q_proj"),
          inputNorm(KEY_INPUT_NORM, "attn_k", "self_attn.k_proj"),
          layer(KEY, "attn_k", "self_attn.k_proj"),
          inputNorm(VALUE_INPUT_NORM, "attn_v", "self_attn.v_proj"),
          layer(VALUE, "attn_v", "self_attn.v_proj"),
          layer(QUERY_NORM, "attn_q_norm", "self_attn.q_norm"),
          layer(KEY_NORM, "attn_k_norm", "self_attn.k_norm"),
          inputNorm(ATTENTION_OUTPUT_INPUT_NORM, "attn_output", "self_attn.o_proj"),
          layer(ATTENTION_OUTPUT, "attn_output", "self_attn.o_proj"),
          layer(FEED_FORWARD_NORM, "ffn_norm", "post_attention_layernorm"),
          inputNorm(GATE_INPUT_NORM, "ffn_gate", "mlp.gate_proj"),
          layer(GATE, "ffn_gate", "mlp.gate_proj"),
          inputNorm(UP_INPUT_NORM, "ffn_up", "mlp.up_proj"),
          layer(UP, "ffn_up", "mlp.up_proj"),
          inputNorm(DOWN_INPUT_NORM, "ffn_down", "mlp.down_proj"),
          layer(DOWN, "ffn_down", "mlp.down_proj"),
          before(OUTPUT_NORM, "output_norm", "model.norm"),
          optional(HEAD, "output", "lm_head"));

  /** As Qwen3, with a norm of what each block adds to the residual stream. */
  static final Manifest GEMMA3 =
      QWEN3
          .with(layer(FEED_FORWARD_NORM, "ffn_norm", "pre_feedforward_layernorm"))
          .plus(
              ATTENTION_OUTPUT,
              layer(ATTENTION_POST_NORM, "post_attention_norm", "post_attention_layernorm"))
          .plus(DOWN, layer(FEED_FORWARD_POST_NORM, "post_ffw_norm", "post_feedforward_layernorm"));

  /** As Qwen3, by other names in checkpoints. */
  static final Manifest HUNYUAN =
      QWEN3
          .with(layer(QUERY_NORM, "attn_q_norm", "self_attn.query_layernorm"))
          .with(layer(KEY_NORM, "attn_k_norm", "self_attn.key_layernorm"));

  private final List<Role> roles;
  private final Map<Place, Role> places = new EnumMap<>(Place.class);

  private Manifest(List<Role> roles) {
    this.roles = roles;
    roles.forEach(role -> places.put(role.place(), role));
  }

  private static Manifest of(Role... roles) {
    return new Manifest(List.of(roles));
  }

  /** The same with another role at its place. */
  private Manifest with(Role role) {
    return new Manifest(
        roles.stream().map(own -> own.place() == role.place() ? role : own).toList());
  }

  /** The same with one more role, behind that of a place. */
  private Manifest plus(Place place, Role role) {
    List<Role> more = new ArrayList<>(roles);
    more.add(roles.indexOf(places.get(place)) + 1, role);
    return new Manifest(List.copyOf(more));
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

  /** Named after the linear layer. */
  private static Role inputNorm(Place place, String gguf, String huggingFace) {
    Role role = layer(place, gguf + "_norm_in", huggingFace + ".norm");
    return new Role(place, role.gguf(), role.huggingFace(), true);
  }

  /** All roles, in the order of published files. */
  public List<Role> roles() {
    return roles;
  }

  /**
   * A tensor of a model.
   *
   * @param layer of which layer; 0 where there is one for the whole model
   */
  public record Entry(Role role, int layer) {}

  /** All tensors that a model may have, in the order of published files. */
  public List<Entry> entries(int layers) {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < roles.size(); i++) {
      if (!roles.get(i).place().isInLayers()) {
        entries.add(new Entry(roles.get(i), 0));
      } else if (!roles.get(i - 1).place().isInLayers()) { // the first of those that layers have
        for (int layer = 0; layer < layers; layer++) {
          for (int j = i; roles.get(j).place().isInLayers(); j++) {
            entries.add(new Entry(roles.get(j), layer));
          }
        }
      }
    }
    return entries;
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
