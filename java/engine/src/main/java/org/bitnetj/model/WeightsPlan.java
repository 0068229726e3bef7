package org.bitnetj.model;

import java.util.OptionalLong;
import java.util.function.Supplier;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Sizes;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.option.HeadMode;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;
import org.bitnetj.tensor.Activation;
import org.bitnetj.tensor.LowBitMatrix;

/**
 * How a model's weights are kept for decoding, by what pays and what fits the memory.
 *
 * @param lowBitHead whether the head gets a low-bit copy
 * @param sparse whether feed-forward networks are kept by rows and columns where they can be
 * @param workingBytes what a dense step reads, in memory of its own or where it is mapped
 */
record WeightsPlan(boolean lowBitHead, boolean sparse, long workingBytes) {
  /**
   * Bytes from which on a head comes from memory on most machines. A smaller one is soon read from
   * the processor's caches, and the steps of screening take longer than that.
   */
  private static final long LARGE_HEAD = 64 << 20;

  /** One part in so many of the memory is for what is not weights. */
  private static final int OTHERS = 16;

  /**
   * The plan for the model of those tensors.
   *
   * @param room bytes of memory that the machine has; empty if not known
   * @throws ModelFileException if the ternary matrices, the low-bit head and, for a file that was
   *     read into memory, what is used in place do not fit
   */
  static WeightsPlan of(
      ModelTensors tensors, Kernels kernels, HeadMode head, boolean sparse, OptionalLong room)
      throws ModelFileException {
    ModelSpec spec = tensors.spec();
    boolean skipping = sparse && kernels.gainsBySkipping() && gainsBySkipping(spec);
    long bytes = tensors.ternaryBytes(skipping) + tensors.unpackedBytes();
    long inPlace = tensors.inPlaceBytes() + tensors.mappedBytes(skipping);
    long headBytes = headBytes(tensors);
    long lowBitBytes = LowBitMatrix.bytes(spec.vocabulary(), spec.width());
    boolean ready = tensors.source().lowBitHead().isPresent();
    boolean wanted =
        switch (head) {
          case AUTO ->
              kernels.gainsBySkipping()
                  && headBytes >= LARGE_HEAD
                  && (ready || isAmple(room, bytes + inPlace + lowBitBytes));
          case SCREENED -> true;
          case FULL -> false;
        };
    boolean lowBitHead = wanted && paysByLowBit(spec, headBytes);
    if (lowBitHead) {
      bytes += ready ? 0 : lowBitBytes;
      inPlace += ready ? lowBitBytes : 0;
    }
    // What is used in place in a mapping needs no room of its own: the system can drop its pages.
    boolean mapped = tensors.source().bytes().mapped();
    requireRoom(
        tensors.source(),
        bytes + (mapped ? 0 : inPlace),
        room,
        () -> smaller(tensors, withoutOthers(room)));
    // An embedding is read by single rows, and few of the head's where it has a low-bit copy.
    boolean whole = !lowBitHead && tensors.isFloats(tensors.headPlace());
    long single = tensors.vocabularyBytes() - (whole ? headBytes : 0);
    return new WeightsPlan(lowBitHead, skipping, bytes + inPlace - single);
  }

  /**
   * Refuses a model of which each step would read more than the memory holds.
   *
   * @throws ModelFileException with what would fit
   */
  void requireRoomForSteps(ModelTensors tensors, OptionalLong room) throws ModelFileException {
    OptionalLong left = withoutOthers(room);
    requireRoom(
        tensors.source(),
        workingBytes,
        left,
        () ->
            smaller(tensors, left)
                + ", or let them be read from disk for every token (--from-disk)");
  }

  /** What is left for weights that steps read. */
  private static OptionalLong withoutOthers(OptionalLong room) {
    return room.isPresent() ? OptionalLong.of(room.getAsLong() - room.getAsLong() / OTHERS) : room;
  }

  /** What a user can do whose model does not fit. */
  private static String smaller(ModelTensors tensors, OptionalLong room) {
    long least = tensors.leastBytes();
    return room.isPresent()
            && least <= room.getAsLong()
            && least < tensors.source().bytes().size() / 16 * 15
        ? "make a file of it with 1.6 bits a weight, which takes about "
            + (least >> 20)
            + " MiB (bitnet convert --weights panels1.6 --no-sparse)"
        : "use a smaller model or give the machine more memory";
  }

  private static long headBytes(ModelTensors tensors) throws ModelFileException {
    Tensor stored = tensors.tensor(tensors.headPlace(), 0);
    ModelSpec spec = tensors.spec();
    return UnpackedMatrix.accepts(stored.format(), spec.width())
        ? UnpackedMatrix.FORMAT.bytes(spec.vocabulary(), spec.width())
        : stored.data().byteSize();
  }

  /** Whether a low-bit copy of a head of that many bytes is smaller by a quarter or more. */
  private static boolean paysByLowBit(Sizes spec, long headBytes) {
    return LowBitMatrix.bytes(spec.vocabulary(), spec.width()) <= headBytes / 4 * 3;
  }

  /** Whether a file for any machine gets a low-bit copy of a head of that many bytes. */
  static boolean storesLowBit(Sizes spec, long headBytes, HeadMode head) {
    return paysByLowBit(spec, headBytes)
        && (head == HeadMode.SCREENED || head == HeadMode.AUTO && headBytes >= LARGE_HEAD);
  }

  /** Whether a model's hidden units are often exactly 0. */
  static boolean gainsBySkipping(ModelSpec spec) {
    return spec.architecture().activation() == Activation.RELU_SQUARED;
  }

  /** Whether all weights leave half of the memory to caches and others. */
  static boolean isAmple(OptionalLong room, long bytes) {
    return room.isEmpty() || bytes <= room.getAsLong() / 2;
  }

  /** Refuses what cannot fit before the system kills the process half-way. */
  static void requireRoom(
      ModelSource source, long bytes, OptionalLong room, Supplier<String> advice)
      throws ModelFileException {
    if (room.isPresent() && bytes > room.getAsLong()) {
      throw new ModelFileException(
          source.path()
              + ": the weights take "
              + (bytes >> 20)
              + " MiB of memory, but there are only "
              + (room.getAsLong() >> 20)
              + " MiB for them, swap included; "
              + advice.get()
              + ".");
    }
  }
}
