package org.bitnetj.testing;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;

/**
 * A model file of one layer or some, small enough to spoil in many ways: width 64, two heads, 128
 * hidden units, 8 tokens. Every weight digit is -1 with the scale 0.01, every norm and embedding is
 * 1.
 */
public final class TinyModel {
  /** How its matrices are stored. */
  public static final TernaryFormat TERNARY = WeightFormats.I2_S;

  private static final int WIDTH = 64;
  private static final int HIDDEN = 128;

  private record Part(WeightFormat format, long[] dims, float value) {}

  private final Map<String, Consumer<GgufHeader>> keys = new LinkedHashMap<>();
  private final Map<String, Part> parts = new LinkedHashMap<>();

  public TinyModel() {
    this(1);
  }

  public TinyModel(int layers) {
    text("general.architecture", "bitnet");
    integer("bitnet.block_count", layers);
    integer("bitnet.embedding_length", WIDTH);
    integer("bitnet.feed_forward_length", HIDDEN);
    integer("bitnet.attention.head_count", 2);
    integer("bitnet.context_length", 32);
    number("bitnet.attention.layer_norm_rms_epsilon", 1e-5f);
    tensor("token_embd.weight", WeightFormats.F32, 1, WIDTH, 8);
    tensor("output_norm.weight", WeightFormats.F32, 1, WIDTH);
    for (int l = 0; l < layers; l++) {
      layer("blk." + l + ".");
    }
  }

  private void layer(String block) {
    for (String norm : new String[] {"attn_norm", "attn_sub_norm", "ffn_norm"}) {
      tensor(block + norm + ".weight", WeightFormats.F32, 1, WIDTH);
    }
    tensor(block + "ffn_sub_norm.weight", WeightFormats.F32, 1, HIDDEN);
    for (String square : new String[] {"attn_q", "attn_k", "attn_v", "attn_output"}) {
      tensor(block + square + ".weight", TERNARY, 0.01f, WIDTH, WIDTH);
    }
    tensor(block + "ffn_gate.weight", TERNARY, 0.01f, WIDTH, HIDDEN);
    tensor(block + "ffn_up.weight", TERNARY, 0.01f, WIDTH, HIDDEN);
    tensor(block + "ffn_down.weight", TERNARY, 0.01f, HIDDEN, WIDTH);
  }

  public TinyModel text(String key, String value) {
    keys.put(key, header -> header.text(key, value));
    return this;
  }

  public TinyModel integer(String key, int value) {
    keys.put(key, header -> header.u32(key, value));
    return this;
  }

  public TinyModel number(String key, float value) {
    keys.put(key, header -> header.f32(key, value));
    return this;
  }

  /**
   * Puts a tensor in the place of the one of that name; {@code value} is a ternary matrix's scale.
   */
  public TinyModel tensor(String name, WeightFormat format, float value, long... dims) {
    parts.put(name, new Part(format, dims, value));
    return this;
  }

  public TinyModel without(String tensor) {
    parts.remove(tensor);
    return this;
  }

  public Path write(Path path) throws ModelFileException {
    GgufHeader header = new GgufHeader();
    keys.values().forEach(key -> key.accept(header));
    parts.forEach((name, part) -> header.tensor(name, part.format, part.dims));
    try (GgufWriter writer = GgufWriter.create(path, header);
        Arena arena = Arena.ofConfined()) {
      for (Map.Entry<String, Part> entry : parts.entrySet()) {
        writer.begin(entry.getKey());
        writer.write(content(entry.getValue(), arena));
      }
      writer.commit();
    }
    return path;
  }

  /** Puts a NaN into the embedding of a token of a written model. */
  public static void spoilEmbedding(Path path, int token) throws IOException {
    long at;
    try (GgufFile file = GgufFile.open(path)) {
      at = file.tensor("token_embd.weight").offset() + (long) token * WIDTH * Float.BYTES;
    }
    ByteBuffer nan = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, Float.NaN);
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.write(nan, at);
    }
  }

  private static MemorySegment content(Part part, Arena arena) {
    long elements = 1;
    for (long d : part.dims) {
      elements *= d;
    }
    List<Long> dims = Arrays.stream(part.dims).boxed().toList();
    MemorySegment bytes = arena.allocate(part.format.bytes(dims), 64);
    if (part.format == TERNARY) {
      bytes.set(ValueLayout.JAVA_FLOAT, elements / 4, part.value);
    } else if (part.format == WeightFormats.F32) {
      for (long i = 0; i < elements; i++) {
        bytes.setAtIndex(ValueLayout.JAVA_FLOAT, i, part.value);
      }
    }
    return bytes;
  }
}
