package org.bitnetj.source.gguf;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Architecture;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Multipliers;
import org.bitnetj.option.Pooling;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.StringArray;
import org.bitnetj.source.VocabularySource;
import org.bitnetj.source.VocabularySource.Part;
import org.bitnetj.source.VocabularySource.SpacePrefix;
import org.bitnetj.tensor.RopeScaling;

/**
 * Says in GGUF's metadata what a model of any container is, in the words that {@link GgufFile}
 * reads and llama.cpp and bitnet.cpp know.
 */
public final class GgufWords {
  /** GGUF's number for files of such and such matrices. */
  public static final String FILE_TYPE = "general.file_type";

  /** Rows of an embedding that no token has are of this type. */
  private static final int UNUSED = 5;

  /** Further end tokens that GGUF has keys for. */
  private static final List<Part> ENDS = List.of(Part.EOT, Part.EOM);

  private final GgufHeader header;

  private GgufWords(GgufHeader header) {
    this.header = header;
  }

  /**
   * Copies the keys of a file, all but {@link #FILE_TYPE} and those that are about the file and not
   * the model.
   *
   * @param vocabulary whether those of the tokenizer are among them
   */
  public static void copy(GgufHeader header, GgufFile file, boolean vocabulary) {
    for (String key : file.metadata().keys()) {
      boolean ofFile =
          key.equals(FILE_TYPE)
              || key.equals(GgufFile.ALIGNMENT_KEY)
              || key.equals(GgufSpec.ACTIVATIONS)
              || key.startsWith(MappedTensors.PREFIX)
              || key.startsWith("split.");
      if (!ofFile && (vocabulary || !key.startsWith("tokenizer."))) {
        header.copy(file, key);
      }
    }
  }

  /**
   * Writes which activations a model was trained with, where its family leaves that open, so that
   * the engine need not guess it by the formats of tensors.
   */
  public static void putActivations(GgufHeader header, ModelSpec spec) {
    if (spec.architecture().activationScaling().isEmpty()) {
      header.text(GgufSpec.ACTIVATIONS, spec.activationScaling().label());
    }
  }

  /**
   * Writes all that describes a model but {@link #FILE_TYPE}, {@linkplain #putActivations its
   * activations} and tensors.
   *
   * @throws ModelFileException if the model's tokenizer cannot be read, or there are no words for
   *     it
   */
  public static void put(GgufHeader header, ModelSource model) throws ModelFileException {
    ModelSpec spec = model.spec();
    if (spec.rotation().style() != spec.architecture().ropeStyle()) {
      throw new ModelFileException(
          model.path() + ": its query and key rows are not in the order that GGUF files have.");
    }
    putSpec(header, spec);
    GgufWords words = new GgufWords(header);
    words.putVocabulary(model.vocabulary(), spec.vocabulary());
    Optional<String> template = model.chatTemplate();
    if (template.isPresent()) {
      header.text(GgufFile.TEMPLATE, template.get());
    }
  }

  /**
   * Writes how a model makes embeddings, if it says so.
   *
   * @throws ModelFileException if it says something that the engine does not compute; nothing is
   *     written then
   */
  public static void putPooling(GgufHeader header, ModelSource model) throws ModelFileException {
    Optional<Pooling> pooling = model.pooling();
    if (pooling.isPresent()) {
      header.u32(
          model.spec().architecture().label() + GgufSpec.POOLING,
          pooling.get() == Pooling.MEAN ? GgufSpec.MEAN : GgufSpec.LAST);
    }
  }

  private static void putSpec(GgufHeader header, ModelSpec spec) {
    Architecture family = spec.architecture();
    String a = family.label() + ".";
    header
        .text(GgufSpec.FAMILY, family.label())
        .text("general.name", spec.name())
        .u32(a + "vocab_size", spec.vocabulary())
        .u32(a + "context_length", spec.contextLength())
        .u32(a + "embedding_length", spec.width())
        .u32(a + "block_count", spec.layers())
        .u32(a + "feed_forward_length", spec.feedForward())
        .u32(a + "rope.dimension_count", spec.rotation().dimensions())
        .u32(a + "attention.head_count", spec.heads())
        .u32(a + "attention.head_count_kv", spec.kvHeads())
        .u32(a + "attention.key_length", spec.headDim())
        .u32(a + "attention.value_length", spec.headDim())
        .f32(a + "attention.layer_norm_rms_epsilon", spec.normEpsilon())
        .f32(a + "rope.freq_base", (float) spec.rotation().theta());
    putScaling(header, a + "rope.scaling.", spec.rotation().scaling());
    Multipliers multipliers = spec.multipliers();
    if (family == Architecture.MINICPM) {
      header
          .f32(a + "embedding_scale", multipliers.embedding())
          .f32(a + "residual_scale", multipliers.residual())
          .f32(a + "logit_scale", multipliers.logits());
    }
    header.u32("general.quantization_version", 2);
  }

  /** Numbers are float32 already, or, YaRN's magnitude, one times the usual magnitude. */
  private static void putScaling(GgufHeader header, String prefix, RopeScaling scaling) {
    switch (scaling) {
      case RopeScaling.Linear linear -> {
        if (linear.factor() != 1) {
          header.text(prefix + "type", "linear").f32(prefix + "factor", (float) linear.factor());
        }
      }
      case RopeScaling.Yarn yarn -> {
        double usual = RopeScaling.Yarn.magnitude(yarn.factor());
        header
            .text(prefix + "type", "yarn")
            .f32(prefix + "factor", (float) yarn.factor())
            .u32(prefix + "original_context_length", yarn.originalContext())
            .f32(prefix + "attn_factor", (float) (yarn.magnitude() / usual))
            .f32(prefix + "yarn_beta_fast", (float) yarn.fastTurns())
            .f32(prefix + "yarn_beta_slow", (float) yarn.slowTurns());
      }
    }
  }

  private void putVocabulary(VocabularySource from, int rows) throws ModelFileException {
    boolean bytes = from.kind() == VocabularySource.Kind.BYTE_LEVEL;
    header.text(GgufVocabulary.MODEL, bytes ? "gpt2" : "llama");
    if (bytes) {
      header.text(GgufVocabulary.key(Part.PRE_TOKENIZER), from.preTokenizer());
    }
    if (from.kind() == VocabularySource.Kind.RANKED_PIECES) {
      header.flag(GgufVocabulary.RANKED_PIECES, true);
    }
    if (from.normalizes()) {
      header.text(GgufVocabulary.NORMALIZER, GgufVocabulary.NFC);
    }
    putTokens(from, rows, bytes);
    OptionalInt merges = from.findLength(Part.MERGES);
    if (merges.isPresent()) {
      header.texts(GgufVocabulary.key(Part.MERGES), from.texts(Part.MERGES));
    }
    for (Part part : List.of(Part.BOS, Part.EOS, Part.EOT, Part.EOM, Part.UNKNOWN)) {
      OptionalLong id = from.findToken(part);
      if (id.isPresent()) {
        header.u32(GgufVocabulary.key(part), id.getAsLong());
      }
    }
    putFurtherEnds(from);
    putFlag(GgufVocabulary.ADDS_BOS, from.addsBos());
    putLastToken(from);
    if (!bytes) {
      putSpacePrefix(from.spacePrefix());
    }
    putIds(GgufVocabulary.STRIPS_BEFORE, from.surroundings().takesBefore());
    putIds(GgufVocabulary.STRIPS_AFTER, from.surroundings().takesAfter());
    putIds(GgufVocabulary.SINGLE_WORDS, from.surroundings().singleWords());
  }

  private void putIds(String key, Set<Integer> ids) {
    if (!ids.isEmpty()) {
      header.i32s(key, ids.stream().mapToInt(Integer::intValue).sorted().toArray());
    }
  }

  private void putLastToken(VocabularySource from) throws ModelFileException {
    OptionalLong last = from.lastToken();
    if (last.isPresent() && !last.equals(from.findToken(Part.EOS))) {
      throw from.failure(
          "texts end with token "
              + last.getAsLong()
              + ", which is not the token that ends a generation; GGUF has words for only one.");
    }
    header.flag(GgufVocabulary.ADDS_EOS, last.isPresent());
  }

  private void putSpacePrefix(SpacePrefix prefix) {
    header.flag(GgufVocabulary.ADDS_SPACE, prefix != SpacePrefix.NEVER);
    if (prefix != SpacePrefix.NEVER && prefix != SpacePrefix.ALWAYS) {
      header.text(GgufVocabulary.SPACE_PREFIX, prefix.name().toLowerCase(Locale.ROOT));
    }
  }

  private void putFlag(String key, Optional<Boolean> value) {
    value.ifPresent(flag -> header.flag(key, flag));
  }

  /** GGUF has as many tokens as the embedding has rows. */
  private void putTokens(VocabularySource from, int rows, boolean bytes) throws ModelFileException {
    StringArray tokens = from.texts(Part.TOKENS);
    if (tokens.size() > rows) {
      throw from.failure(
          "it has " + tokens.size() + " tokens, but the embedding has only " + rows + " rows.");
    }
    header.texts(GgufVocabulary.key(Part.TOKENS), new Padded(tokens, rows));
    Optional<int[]> types = from.findTypes();
    if (types.isPresent()) {
      int[] padded = Arrays.copyOf(types.get(), rows);
      Arrays.fill(padded, tokens.size(), rows, UNUSED);
      header.i32s(GgufVocabulary.key(Part.TYPES), padded);
    }
    if (!bytes) {
      float[] scores =
          from.kind() == VocabularySource.Kind.RANKED_PIECES ? ranks(from) : from.scores();
      header.f32s(GgufVocabulary.key(Part.SCORES), Arrays.copyOf(scores, rows));
    }
  }

  /**
   * Scores by which other engines join pieces in the order of merges: of what merges make, less the
   * later; where two merges make the same piece, the first counts.
   */
  private static float[] ranks(VocabularySource from) throws ModelFileException {
    StringArray tokens = from.texts(Part.TOKENS);
    Map<String, Integer> ids = HashMap.newHashMap(tokens.size());
    for (int id = 0; id < tokens.size(); id++) {
      ids.putIfAbsent(tokens.get(id), id);
    }
    float[] scores = new float[tokens.size()];
    StringArray merges = from.texts(Part.MERGES);
    for (int rank = 0; rank < merges.size(); rank++) {
      Integer made = ids.get(merges.get(rank).replace(" ", ""));
      if (made != null && scores[made] == 0) {
        scores[made] = -1 - rank;
      }
    }
    return scores;
  }

  /** Names for the rows beyond the tokens, as llama.cpp's converter gives them. */
  private record Padded(StringArray tokens, int size) implements StringArray {
    @Override
    public int longest() {
      return Math.max(tokens.longest(), 16);
    }

    @Override
    public byte[] bytes(int index) {
      return index < tokens.size()
          ? tokens.bytes(index)
          : get(index).getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public String get(int index) {
      return index < tokens.size() ? tokens.get(index) : "[PAD" + index + "]";
    }
  }

  private void putFurtherEnds(VocabularySource from) throws ModelFileException {
    List<Long> ends = from.furtherEnds();
    int next = 0;
    for (Part part : ENDS) {
      if (next < ends.size() && from.findToken(part).isEmpty()) {
        header.u32(GgufVocabulary.key(part), ends.get(next++));
      }
    }
    if (next < ends.size()) {
      int[] ids = ends.stream().skip(next).mapToInt(Math::toIntExact).toArray();
      header.i32s(GgufVocabulary.FURTHER_ENDS, ids);
    }
  }
}
