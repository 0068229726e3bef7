package org.bitnetj.cli;

import java.util.Iterator;
import org.bitnetj.convert.ConversionOptions;

/** Names of stored types, for help and completion. */
final class StoredTypes {
  private StoredTypes() {}

  /** GGUF's types of ternary weights. */
  static final class OfWeights implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return ConversionOptions.weightTypes().stream()
          .filter(type -> !type.equals(ConversionOptions.PANELS))
          .iterator();
    }
  }

  /** These and the engine's own layouts. */
  static final class OfConvertedWeights implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return ConversionOptions.weightTypes().iterator();
    }
  }

  /** Those of embeddings and heads. */
  static final class OfHeads implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return ConversionOptions.headTypes().iterator();
    }
  }
}
