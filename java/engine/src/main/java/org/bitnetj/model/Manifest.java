package org.bitnetj.model;

import static org.bitnetj.model.Place.ATTENTION_NORM;
import static org.bitnetj.model.Place.ATTENTION_OUTPUT;
import static org.bitnetj.model.Place.ATTENTION_SUB_NORM;
import static org.bitnetj.model.Place.DOWN;
import static org.bitnetj.model.Place.EMBEDDING;
import static org.bitnetj.model.Place.FEED_FORWARD_NORM;
import static org.bitnetj.model.Place.FEED_FORWARD_SUB_NORM;
import static org.bitnetj.model.Place.GATE;
import static org.bitnetj.model.Place.HEAD;
import static org.bitnetj.model.Place.KEY;
import static org.bitnetj.model.Place.KEY_NORM;
import static org.bitnetj.model.Place.OUTPUT_NORM;
import static org.bitnetj.model.Place.QUERY;
import static org.bitnetj.model.Place.QUERY_NORM;
import static org.bitnetj.model.Place.ROPE_DIVISORS;
import static org.bitnetj.model.Place.UP;
import static org.bitnetj.model.Place.VALUE;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The tensors of a family, in the order of published files: those before the layers, those of each
 * layer, those after them. Loader, check for unknown tensors, memory plan and random models read
 * the same list, so that a family is described once. Names: llama.cpp's {@code gguf} constants and
 * Hugging Face's modeling files.
 */
public final class Manifest {
  private static final Pattern LAYER = Pattern.compile("blk\\.(0|[1-9]\\d{0,8})\\..*");
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

  /** Whether a GGUF tensor of that name belongs to a model of so many layers. */
  boolean knows(String name, int layers) {
    OptionalInt layer = layer(name);
    if (layer.isPresent() && layer.getAsInt() >= layers) {
      return false;
    }
    for (Role role : roles) {
      String known = role.gguf(layer.orElse(0));
      if (name.equals(known)
          || role.place().kind() == Place.Kind.LINEAR && name.equals(scale(known))) {
        return true;
      }
    }
    return false;
  }

  private static OptionalInt layer(String name) {
    Matcher matcher = LAYER.matcher(name);
    return matcher.matches()
        ? OptionalInt.of(Integer.parseInt(matcher.group(1)))
        : OptionalInt.empty();
  }

  /** The name of the optional factor beside the weight of a linear layer. */
  static String scale(String weight) {
    return weight.substring(0, weight.length() - WEIGHT.length()) + ".scale";
  }
}
