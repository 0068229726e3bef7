package org.bitnetj.synth;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;

/**
 * A plain implementation of the families in double precision, by their papers and reference code,
 * that shares nothing with the engine but the reading of a GGUF file's directory: for comparisons.
 * It computes every position anew and keeps whole matrices as doubles.
 */
final class NaiveModel {
  private final GgufFile file;
  private final int block;
  private final String family;
  private final int layers;
  private final int heads;
  private final int kvHeads;
  private final int headDim;
  private final double epsilon;
  private final double theta;
  private final Map<String, double[][]> matrices = new HashMap<>();

  /**
   * @param block columns that share a scale of activations; 0: a row does
   */
  NaiveModel(GgufFile file, int block) throws Exception {
    this.file = file;
    this.block = block;
    this.family = file.metadata().text("general.architecture");
    this.layers = number("block_count");
    this.heads = number("attention.head_count");
    this.kvHeads = number("attention.head_count_kv");
    String keyLength = family + ".attention.key_length";
    this.headDim =
        file.metadata().keys().contains(keyLength)
            ? (int) file.metadata().integer(keyLength)
            : number("embedding_length") / heads;
    this.epsilon = file.metadata().number(family + ".attention.layer_norm_rms_epsilon");
    this.theta = file.metadata().number(family + ".rope.freq_base");
  }

  private int number(String key) throws Exception {
    return (int) file.metadata().integer(family + "." + key);
  }

  /** The logits after each token. */
  double[][] logits(int[] ids) {
    double[][] x = new double[ids.length][];
    for (int t = 0; t < ids.length; t++) {
      x[t] = times(matrix("token_embd.weight")[ids[t]], factor("embedding_scale"));
      x[t] = times(x[t], isGemma() ? Math.sqrt(x[t].length) : 1);
    }
    for (int l = 0; l < layers; l++) {
      String block = "blk." + l + ".";
      double[][] q = new double[ids.length][];
      double[][] k = new double[ids.length][];
      double[][] v = new double[ids.length][];
      for (int t = 0; t < ids.length; t++) {
        double[] a = normed(x[t], block + "attn_norm.weight");
        q[t] = placed(linear(block + "attn_q", a), block + "attn_q_norm", t);
        k[t] = placed(linear(block + "attn_k", a), block + "attn_k_norm", t);
        v[t] = linear(block + "attn_v", a);
      }
      for (int t = 0; t < ids.length; t++) {
        double[] o = attention(q[t], k, v, t);
        o = linear(block + "attn_output", maybeNormed(o, block + "attn_sub_norm"));
        o = maybeNormed(o, block + "post_attention_norm");
        add(x[t], times(o, factor("residual_scale")));
        double[] f = normed(x[t], block + "ffn_norm.weight");
        double[] gate = linear(block + "ffn_gate", f);
        double[] up = linear(block + "ffn_up", f);
        for (int i = 0; i < gate.length; i++) {
          gate[i] = up[i] * activated(gate[i]);
        }
        gate = linear(block + "ffn_down", maybeNormed(gate, block + "ffn_sub_norm"));
        gate = maybeNormed(gate, block + "post_ffw_norm");
        add(x[t], times(gate, factor("residual_scale")));
      }
    }
    String head = file.find("output.weight").isPresent() ? "output.weight" : "token_embd.weight";
    double[][] logits = new double[ids.length][];
    for (int t = 0; t < ids.length; t++) {
      logits[t] = times(matrix(head), normed(x[t], "output_norm.weight"));
      logits[t] = times(logits[t], 1 / factor("logit_scale"));
    }
    return logits;
  }

  private boolean isGemma() {
    return family.equals("gemma3");
  }

  private double activated(double g) {
    if (family.startsWith("bitnet-")) {
      return Math.max(0, g) * Math.max(0, g);
    }
    if (isGemma()) {
      return 0.5 * g * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (g + 0.044715 * g * g * g)));
    }
    return g / (1 + Math.exp(-g));
  }

  private double factor(String key) {
    try {
      return file.metadata().findNumber(family + "." + key).orElse(1);
    } catch (ModelFileException e) {
      throw new IllegalStateException(e);
    }
  }

  private static double[] times(double[] x, double factor) {
    return Arrays.stream(x).map(value -> value * factor).toArray();
  }

  /** Hunyuan normalizes heads once they are rotated, Qwen3 before. */
  private double[] placed(double[] x, String norm, int position) {
    return family.equals("hunyuan-dense")
        ? headNormed(rotated(x, position), norm)
        : rotated(headNormed(x, norm), position);
  }

  private double[] attention(double[] query, double[][] keys, double[][] values, int last) {
    double[] out = new double[heads * headDim];
    for (int h = 0; h < heads; h++) {
      int kv = h / (heads / kvHeads);
      double sum = 0;
      for (int t = 0; t <= last; t++) {
        double score = 0;
        for (int d = 0; d < headDim; d++) {
          score += query[h * headDim + d] * keys[t][kv * headDim + d];
        }
        double weight = Math.exp(score / Math.sqrt(headDim));
        sum += weight;
        for (int d = 0; d < headDim; d++) {
          out[h * headDim + d] += weight * values[t][kv * headDim + d];
        }
      }
      for (int d = 0; d < headDim; d++) {
        out[h * headDim + d] /= sum;
      }
    }
    return out;
  }

  /**
   * Pairs (2i, 2i + 1) for llama and minicpm, as its converter arranges them, and (i, i + half) for
   * others. Frequencies are divided by what {@code rope_freqs} says (llama.cpp's "frequency
   * factors").
   */
  private double[] rotated(double[] x, int position) {
    double[] y = x.clone();
    int half = headDim / 2;
    for (int start = 0; start < x.length; start += headDim) {
      for (int i = 0; i < half; i++) {
        double angle = position * Math.pow(theta, -2.0 * i / headDim);
        for (String divisors : List.of("rope_freqs.weight", "rope_factors_short.weight")) {
          angle /= file.find(divisors).isPresent() ? matrix(divisors)[0][i] : 1;
        }
        angle = scaled(angle, i);
        int a = start + (isAdjacent() ? 2 * i : i);
        int b = isAdjacent() ? a + 1 : a + half;
        y[a] = magnitude() * (x[a] * Math.cos(angle) - x[b] * Math.sin(angle));
        y[b] = magnitude() * (x[a] * Math.sin(angle) + x[b] * Math.cos(angle));
      }
    }
    return y;
  }

  private boolean isAdjacent() {
    return family.equals("llama") || family.equals("minicpm");
  }

  private double scaling(String key, double otherwise) {
    try {
      return file.metadata().findNumber(family + ".rope.scaling." + key).orElse(otherwise);
    } catch (ModelFileException e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean isYarn() {
    return scaling("original_context_length", 0) > 0;
  }

  private double magnitude() {
    return isYarn() ? 1 + 0.1 * Math.log(scaling("factor", 1)) : 1;
  }

  /** llama.cpp's rope_yarn: a mix of the angle as it is and the angle that is interpolated. */
  private double scaled(double angle, int pair) {
    double interpolated = angle / scaling("factor", 1);
    if (!isYarn()) {
      return interpolated;
    }
    double low = Math.max(0, Math.floor(correction(scaling("yarn_beta_fast", 32))));
    double high = Math.min(headDim - 1, Math.ceil(correction(scaling("yarn_beta_slow", 1))));
    double ramp = (pair - low) / Math.max(0.001, high - low);
    double mix = 1 - Math.min(1, Math.max(0, ramp));
    return interpolated * (1 - mix) + angle * mix;
  }

  private double correction(double turns) {
    double context = scaling("original_context_length", 0);
    return headDim * Math.log(context / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
  }

  /**
   * Activations in int8 with one scale a row or block, times weights of -1, 0, 1 with scales. With
   * weights of floats, a plain product. The layer may have a norm of its input.
   */
  private double[] linear(String layer, double[] input) {
    String name = layer + ".weight";
    double[] x = maybeNormed(input, layer + "_norm_in");
    if (file.find(name).orElseThrow().format() instanceof FloatFormat) {
      return times(matrix(name), x);
    }
    double[] q = new double[x.length];
    int length = block == 0 ? x.length : block;
    for (int start = 0; start < x.length; start += length) {
      double largest = 1e-5;
      for (int i = start; i < Math.min(start + length, x.length); i++) {
        largest = Math.max(largest, Math.abs(x[i]));
      }
      for (int i = start; i < Math.min(start + length, x.length); i++) {
        q[i] = Math.clamp(Math.rint(x[i] * 127 / largest), -128, 127) * largest / 127;
      }
    }
    return times(matrix(name), q);
  }

  private double[] normed(double[] x, String name) {
    double[] weight = matrix(name)[0];
    double squares = 0;
    for (double value : x) {
      squares += value * value;
    }
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      y[i] = x[i] / Math.sqrt(squares / x.length + epsilon) * weight[i];
    }
    return y;
  }

  private double[] maybeNormed(double[] x, String name) {
    return file.find(name + ".weight").isPresent() ? normed(x, name + ".weight") : x;
  }

  private double[] headNormed(double[] x, String name) {
    if (file.find(name + ".weight").isEmpty()) {
      return x;
    }
    double[] y = new double[x.length];
    for (int start = 0; start < x.length; start += headDim) {
      double[] head = java.util.Arrays.copyOfRange(x, start, start + headDim);
      System.arraycopy(normed(head, name + ".weight"), 0, y, start, headDim);
    }
    return y;
  }

  private static void add(double[] x, double[] y) {
    for (int i = 0; i < x.length; i++) {
      x[i] += y[i];
    }
  }

  /** In four sums, since each addition to one waits for the last. */
  private static double[] times(double[][] m, double[] x) {
    double[] y = new double[m.length];
    int whole = x.length / 4 * 4;
    for (int r = 0; r < m.length; r++) {
      double[] row = m[r];
      double a = 0;
      double b = 0;
      double c = 0;
      double d = 0;
      for (int i = 0; i < whole; i += 4) {
        a += row[i] * x[i];
        b += row[i + 1] * x[i + 1];
        c += row[i + 2] * x[i + 2];
        d += row[i + 3] * x[i + 3];
      }
      for (int i = whole; i < x.length; i++) {
        a += row[i] * x[i];
      }
      y[r] = a + b + (c + d);
    }
    return y;
  }

  double[][] matrix(String name) {
    return matrices.computeIfAbsent(name, this::decode);
  }

  private double[][] decode(String name) {
    Tensor tensor = file.find(name).orElseThrow();
    int columns = (int) tensor.columns();
    double[][] m = new double[(int) tensor.rows()][columns];
    NaiveWeights weights =
        new NaiveWeights(
            tensor.format().name(), tensor.format().id(), tensor.data(), m.length, columns);
    for (int r = 0; r < m.length; r++) {
      for (int c = 0; c < columns; c++) {
        m[r][c] = weights.at(r, c);
      }
    }
    return m;
  }

  /** The tokens of a text of that length, chosen by a seed. */
  static int[] tokens(long seed, int length, int vocabulary) {
    return new java.util.Random(seed).ints(length, 0, vocabulary).toArray();
  }
}
