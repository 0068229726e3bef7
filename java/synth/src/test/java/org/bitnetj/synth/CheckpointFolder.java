package org.bitnetj.synth;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import org.bitnetj.family.Architecture;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Place;
import org.bitnetj.family.Role;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.source.StringArray;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.VocabularySource.Part;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.tensor.Rope;

/**
 * Turns a GGUF file of one scale a matrix into a Hugging Face checkpoint, by the definitions of
 * that format and not by the engine's reader. Scales must be powers of two.
 */
final class CheckpointFolder {
  /** How linear layers are stored. */
  enum Weights {
    /** Packed, and multiplied by the scale. */
    MULTIPLIED,
    /** Packed, and divided by the scale. */
    DIVIDED,
    /** bfloat16 whose absolute values have the scale as their mean and round to the digits. */
    MASTER,
    /** bfloat16 that are -scale, 0 and scale. */
    TERNARY
  }

  private record Stored(String type, long[] shape, byte[] data) {}

  private final GgufFile gguf;
  private final ModelSpec spec;
  private final Weights weights;
  private final Map<String, Stored> parts = new LinkedHashMap<>();

  private CheckpointFolder(GgufFile gguf, Weights weights) throws IOException {
    this.gguf = gguf;
    this.spec = gguf.spec();
    this.weights = weights;
  }

  static Path write(Path folder, Path model, Weights weights) throws IOException {
    try (GgufFile gguf = GgufFile.open(model)) {
      CheckpointFolder made = new CheckpointFolder(gguf, weights);
      Files.createDirectories(folder);
      Files.writeString(folder.resolve("config.json"), made.config());
      Files.writeString(folder.resolve("tokenizer.json"), made.tokenizer());
      made.addTensors();
      made.writeTensors(folder.resolve("model.safetensors"));
    }
    return folder;
  }

  /** Doubles the first weights of a matrix of bfloat16. */
  static void doubleWeights(Path folder, String name, int count) throws IOException {
    Path path = folder.resolve("model.safetensors");
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    String header = new String(file.array(), 8, (int) file.getLong(0), StandardCharsets.UTF_8);
    String offsets = "\"data_offsets\":[";
    int entry = header.indexOf(offsets, header.indexOf('"' + name + '"')) + offsets.length();
    int offset = Integer.parseInt(header.substring(entry, header.indexOf(',', entry)));
    int at = 8 + (int) file.getLong(0) + offset;
    for (int i = 0; i < count; i++, at += 2) {
      short bits = file.getShort(at);
      if (bits << 1 != 0) {
        file.putShort(at, (short) (bits + 0x80)); // the lowest bit of the exponent
      }
    }
    Files.write(path, file.array());
  }

  private String config() throws IOException {
    String linear = weights == Weights.DIVIDED ? "bitlinear" : "autobitlinear";
    String quantization =
        weights == Weights.TERNARY || hasInputNorms()
            ? ""
            : ",'quantization_config':{'quant_method':'bitnet','linear_class':'" + linear + "'}";
    boolean tied = gguf.find("output.weight").isEmpty();
    return """
    {%s,'hidden_size':%d,'intermediate_size':%d,
    'num_hidden_layers':%d,'num_attention_heads':%d,'num_key_value_heads':%d,'head_dim':%d,
    'vocab_size':%d,'max_position_embeddings':%d,'rms_norm_eps':%s,'rope_theta':%s,
    'tie_word_embeddings':%b,'bos_token_id':%d,'eos_token_id':%d%s}
    """
        .formatted(
            family(),
            spec.width(),
            spec.feedForward(),
            spec.layers(),
            spec.heads(),
            spec.kvHeads(),
            spec.headDim(),
            spec.vocabulary(),
            spec.contextLength(),
            spec.normEpsilon(),
            spec.rotation().theta(),
            tied,
            gguf.vocabulary().findToken(Part.BOS).getAsLong(),
            gguf.vocabulary().findToken(Part.EOS).getAsLong(),
            quantization)
        .replace('\'', '"');
  }

  /** The family, and what only its checkpoints say. */
  private String family() {
    return switch (spec.architecture()) {
      case BITNET_B158, BITNET_25 -> "'model_type':'bitnet','hidden_act':'relu2'";
      case BITNET -> "'model_type':'bitnet','hidden_act':'silu'";
      case LLAMA -> "'model_type':'llama','hidden_act':'silu'";
      case QWEN3 -> "'model_type':'qwen3','hidden_act':'silu'";
      case HUNYUAN_DENSE -> "'model_type':'hunyuan_v1_dense','hidden_act':'silu'";
      case GEMMA3 ->
          "'model_type':'gemma3_text','hidden_activation':'gelu_pytorch_tanh',"
              + "'query_pre_attn_scalar':"
              + spec.headDim();
      case MINICPM ->
          "'model_type':'minicpm','hidden_act':'silu','scale_emb':12,'scale_depth':1.4,"
              + "'dim_model_base':256";
    };
  }

  private boolean hasInputNorms() {
    return gguf.find("blk.0.attn_q_norm_in.weight").isPresent();
  }

  private String tokenizer() throws IOException {
    StringArray tokens = gguf.vocabulary().texts(Part.TOKENS);
    int[] types = gguf.vocabulary().findTypes().orElseThrow();
    StringJoiner vocabulary = new StringJoiner(",");
    StringJoiner added = new StringJoiner(",");
    for (int id = 0; id < tokens.size(); id++) {
      String text = quoted(tokens.get(id));
      if (types[id] == 1) {
        vocabulary.add(text + ":" + id);
      } else {
        added.add("{\"id\":" + id + ",\"content\":" + text + ",\"special\":true}");
      }
    }
    StringJoiner merges = new StringJoiner(",");
    StringArray all = gguf.vocabulary().texts(Part.MERGES);
    for (int i = 0; i < all.size(); i++) {
      String[] pair = all.get(i).split(" ");
      merges.add("[" + quoted(pair[0]) + "," + quoted(pair[1]) + "]");
    }
    String expression =
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|"
            + " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    return """
    {"added_tokens":[%s],"pre_tokenizer":{"type":"Sequence","pretokenizers":[
    {"type":"Split","pattern":{"Regex":%s},"behavior":"Isolated","invert":false},
    {"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]},
    "model":{"type":"BPE","ignore_merges":true,"vocab":{%s},"merges":[%s]}}
    """
        .formatted(added, quoted(expression), vocabulary, merges);
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  private void addTensors() {
    for (Role role : spec.architecture().manifest().roles()) {
      for (int l = 0; l < (role.place().isInLayers() ? spec.layers() : 1); l++) {
        Tensor tensor = gguf.find(role, l).orElse(null);
        if (tensor == null) {
          continue;
        }
        String name = role.huggingFace(l);
        if (hasInputNorms()) { // as embedding models are called
          name = name.replaceFirst("^model[.]", "");
        }
        if (role.place().kind() == Place.Kind.LINEAR) {
          addLinear(name, role.place(), tensor);
        } else {
          boolean vector = role.place().kind() == Place.Kind.VECTOR;
          long[] shape =
              vector ? new long[] {tensor.columns()} : new long[] {tensor.rows(), tensor.columns()};
          boolean lessOne =
              spec.architecture() == Architecture.GEMMA3 && vector && !role.optional();
          byte[] data = lessOne ? lessOne(tensor.data()) : bytes(tensor.data());
          parts.put(name, new Stored(tensor.format().name(), shape, data));
        }
      }
    }
  }

  private static byte[] bytes(MemorySegment data) {
    return data.toArray(ValueLayout.JAVA_BYTE);
  }

  /** Gemma's norms are multiplied by 1 + w. The difference is exact here: w is near 0. */
  private static byte[] lessOne(MemorySegment data) {
    float[] values = data.toArray(ValueLayout.JAVA_FLOAT);
    ByteBuffer out = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      out.putFloat(value - 1);
    }
    return out.array();
  }

  private void addLinear(String name, Place place, Tensor tensor) {
    TernaryFormat format = (TernaryFormat) tensor.format();
    int rows = (int) tensor.rows();
    int columns = (int) tensor.columns();
    byte[][] digits = new byte[rows][columns];
    for (int row = 0; row < rows; row++) {
      format.digits(tensor.data(), columns, row, digits[unpermuted(place, row)]);
    }
    float scale = format.uniformScale(tensor.data(), rows, columns).orElseThrow();
    if (weights == Weights.MULTIPLIED || weights == Weights.DIVIDED) {
      byte[] packed = new byte[rows / 4 * columns];
      for (int row = 0; row < rows; row++) {
        for (int c = 0; c < columns; c++) {
          int at = row % (rows / 4) * columns + c;
          packed[at] = (byte) (packed[at] | digits[row][c] << 2 * (row / (rows / 4)));
        }
      }
      float stored = weights == Weights.DIVIDED ? 1 / scale : scale;
      parts.put(name, new Stored("U8", new long[] {rows / 4, columns}, packed));
      parts.put(name + "_scale", new Stored("BF16", new long[] {1}, brainFloats(List.of(stored))));
    } else {
      List<Float> floats = new ArrayList<>(rows * columns);
      int nonZeros = 0;
      for (byte[] row : digits) {
        for (byte digit : row) {
          floats.add(scale * (digit - 1));
          nonZeros += digit == 1 ? 0 : 1;
        }
      }
      if (weights == Weights.MASTER) {
        spread(floats, scale, nonZeros);
      }
      parts.put(name, new Stored("BF16", new long[] {rows, columns}, brainFloats(floats)));
    }
  }

  /** Raises the weights, in 64ths of the scale, until their mean is the scale. */
  private static void spread(List<Float> floats, float scale, int nonZeros) {
    long units = 64L * floats.size();
    int seen = 0;
    for (int i = 0; i < floats.size(); i++) {
      if (floats.get(i) != 0) {
        long own = units / nonZeros + (seen++ < units % nonZeros ? 1 : 0);
        floats.set(i, Math.signum(floats.get(i)) * own * scale / 64);
      }
    }
  }

  /** GGUF's converter moves row i of the halves of a head of Llama's to 2 i and 2 i + 1. */
  private int unpermuted(Place place, int row) {
    boolean permuted = place == Place.QUERY || place == Place.KEY;
    if (!permuted || spec.rotation().style() != Rope.Style.ADJACENT) {
      return row;
    }
    int inHead = row % spec.headDim();
    return row - inHead + inHead % 2 * (spec.headDim() / 2) + inHead / 2;
  }

  private static byte[] brainFloats(List<Float> values) {
    ByteBuffer out = ByteBuffer.allocate(2 * values.size()).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      int bits = Float.floatToRawIntBits(value);
      if ((bits & 0xffff) != 0) {
        throw new AssertionError(value + " is no bfloat16");
      }
      out.putShort((short) (bits >> 16));
    }
    return out.array();
  }

  private void writeTensors(Path path) throws IOException {
    StringJoiner entries = new StringJoiner(",", "{", "}");
    int size = 0;
    for (Map.Entry<String, Stored> entry : parts.entrySet()) {
      Stored part = entry.getValue();
      entries.add(
          "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(
                  entry.getKey(),
                  part.type,
                  Arrays.toString(part.shape),
                  size,
                  size + part.data.length));
      size += part.data.length;
    }
    String text = entries.toString();
    byte[] header = (text + " ".repeat(-text.length() & 7)).getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + header.length + size)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(header.length)
            .put(header);
    parts.values().forEach(part -> file.put(part.data));
    Files.write(path, file.array());
  }
}
