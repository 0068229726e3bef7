package org.bitnetj.source.huggingface;

import static org.bitnetj.source.huggingface.TokenizerTables.BYTE;
import static org.bitnetj.source.huggingface.TokenizerTables.NORMAL;
import static org.bitnetj.source.huggingface.TokenizerTables.UNKNOWN;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.VocabularySource.Kind;

/**
 * Reads a {@code tokenizer.model}: SentencePiece's protocol buffer {@code ModelProto}
 * (sentencepiece_model.proto), of which it takes the pieces, the kind of model, and how texts are
 * normalized. Types of pieces have the numbers that GGUF took from here.
 */
final class SentencePieceModel {
  private static final int BPE = 2;

  private final Path file;
  private final List<String> pieces = new ArrayList<>();
  private final List<Integer> types = new ArrayList<>();
  private final List<Float> scores = new ArrayList<>();
  private long modelType = 1; // unigram, the proto's default
  private boolean prefix = true;
  private boolean removesSpaces = true;
  private int rules; // bytes of the table of characters to replace

  private SentencePieceModel(Path file) {
    this.file = file;
  }

  /**
   * @param folder what the files beside it say
   */
  static TokenizerTables read(Path file, byte[] bytes, PieceFolder folder)
      throws ModelFileException {
    SentencePieceModel model = new SentencePieceModel(file);
    model.message(bytes, SentencePieceModel::top);
    return model.tables(folder);
  }

  /** Takes one field of a message: a number, or the bytes of a text or message. */
  @FunctionalInterface
  private interface Field {
    void take(SentencePieceModel model, int number, long value, byte[] bytes)
        throws ModelFileException;
  }

  /** The wire format of protocol buffers: a key of number and type before each value. */
  private void message(byte[] bytes, Field field) throws ModelFileException {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    try {
      while (in.hasRemaining()) {
        int key = Math.toIntExact(number(in));
        long value = 0;
        byte[] content = {};
        switch (key & 7) {
          case 0 -> value = number(in);
          case 1 -> value = in.getLong();
          case 2 -> {
            long length = number(in);
            if (length < 0 || length > in.remaining()) {
              throw damaged();
            }
            content = new byte[(int) length];
            in.get(content);
          }
          case 5 -> value = in.getInt();
          default -> throw damaged();
        }
        field.take(this, key >>> 3, value, content);
      }
    } catch (BufferUnderflowException | ArithmeticException e) {
      throw damaged();
    }
  }

  private long number(ByteBuffer in) throws ModelFileException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte next = in.get();
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw damaged();
  }

  private ModelFileException damaged() {
    return failure("the file is no SentencePiece model, or damaged.");
  }

  private ModelFileException failure(String sentence) {
    return new ModelFileException(file + ": " + sentence);
  }

  private void top(int number, long value, byte[] bytes) throws ModelFileException {
    switch (number) {
      case 1 -> {
        if (pieces.size() == TokenizerTables.MOST_TOKENS) {
          throw failure("there are more pieces than " + TokenizerTables.MOST_TOKENS + ".");
        }
        pieces.add("");
        scores.add(0f);
        types.add(NORMAL);
        message(bytes, SentencePieceModel::piece);
      }
      case 2 -> message(bytes, (model, n, v, b) -> model.modelType = n == 3 ? v : model.modelType);
      case 3 -> message(bytes, SentencePieceModel::normalizer);
      default -> {}
    }
  }

  private void piece(int number, long value, byte[] bytes) {
    switch (number) {
      case 1 -> pieces.set(pieces.size() - 1, new String(bytes, StandardCharsets.UTF_8));
      case 2 -> scores.set(scores.size() - 1, Float.intBitsToFloat((int) value));
      case 3 -> types.set(types.size() - 1, (int) value);
      default -> {}
    }
  }

  private void normalizer(int number, long value, byte[] bytes) {
    switch (number) {
      case 2 -> rules = bytes.length;
      case 3 -> prefix = value != 0;
      case 4 -> removesSpaces = value != 0;
      default -> {}
    }
  }

  private TokenizerTables tables(PieceFolder folder) throws ModelFileException {
    if (modelType != BPE || rules > 0 || removesSpaces) {
      throw failure(
          "the model is not BPE without a normalizer, which is all that this engine reads here.");
    }
    Map<String, Integer> ids = new HashMap<>();
    OptionalLong unknown = OptionalLong.empty();
    for (int id = 0; id < pieces.size(); id++) {
      if (ids.put(pieces.get(id), id) != null) {
        throw failure("two pieces are '" + Section.shown(pieces.get(id)) + "'; it is damaged.");
      }
      if (types.get(id) == UNKNOWN) {
        unknown = OptionalLong.of(id);
      }
    }
    List<AddedToken> added = folder.tokens(ids);
    for (AddedToken token : added) {
      int id = token.id();
      if (token.singleWord()) {
        // transformers asks for spaces around it here, and not for ends of words.
        throw failure(
            "token '"
                + Section.shown(token.text())
                + "' has single_word, which this engine does with tokenizer.json only.");
      }
      if (id == pieces.size() && ids.putIfAbsent(token.text(), id) == null) {
        pieces.add(token.text());
        scores.add(0f);
        types.add(token.type());
      } else if (!Integer.valueOf(id).equals(ids.get(token.text()))) {
        throw failure(
            "there are "
                + pieces.size()
                + " tokens, but the added token '"
                + Section.shown(token.text())
                + "' has the id "
                + id
                + ".");
      } else if (types.get(id) != BYTE && types.get(id) != UNKNOWN) {
        types.set(id, token.type());
      }
    }
    float[] all = new float[scores.size()];
    for (int id = 0; id < all.length; id++) {
      all[id] = scores.get(id);
    }
    return new TokenizerTables(
        new TokenizerScheme(
            Kind.SENTENCE_PIECE,
            "",
            folder.spacePrefix(prefix),
            false,
            false,
            OptionalLong.empty(),
            OptionalLong.empty()),
        TokenizerTables.texts(List.copyOf(pieces)),
        types.stream().mapToInt(Integer::intValue).toArray(),
        all,
        TokenizerTables.texts(List.of()),
        ids,
        unknown,
        AddedToken.surroundings(added));
  }
}
