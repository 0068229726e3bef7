package org.bitnetj.source.gguf;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.TernaryEncoder;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.parallel.ThreadTeam;

/**
 * Fills the tensors of a {@link GgufWriter} row by row, whatever their format: rows are made and
 * encoded by all processors, a chunk at a time. A file is the same for any number of processors.
 * For one thread.
 */
public final class MatrixWriter implements AutoCloseable {
  private static final int CHUNK_BYTES = 8 << 20;
  private static final int PIECES = 64; // of a chunk, so that processors end it at the same time

  /** Makes rows of a ternary matrix; called by several threads at once. */
  @FunctionalInterface
  public interface TernaryRows {
    /**
     * @param digits for those of the row: 0 to 3
     * @param scales for those of the row, in the groups of the format that is written
     * @throws IllegalArgumentException if there is no such row in that format; the message is a
     *     clause that follows the tensor's name
     */
    void read(int row, byte[] digits, float[] scales);
  }

  /** Makes rows of floats; called by several threads at once. */
  @FunctionalInterface
  public interface FloatRows {
    /**
     * @param values for those of the row, finite
     */
    void read(int row, float[] values);
  }

  /** Learns how much has been written. */
  @FunctionalInterface
  public interface Progress {
    /** After every chunk: bytes of the file written, and all there will be. */
    void at(long written, long size);
  }

  /** Makes and encodes a row, with room of its own. */
  @FunctionalInterface
  private interface RowEncoder {
    /**
     * @param first row of the stripe
     */
    void encode(MemorySegment stripe, int first, int row);
  }

  @FunctionalInterface
  private interface Encoders {
    RowEncoder make();
  }

  private final GgufWriter writer;
  private final Progress progress;
  private final ThreadTeam team;
  private final Arena arena = Arena.ofShared();
  private MemorySegment chunk = arena.allocate(CHUNK_BYTES, 64);

  /**
   * @param writer whose tensors are written in their order, and which is committed by its owner
   * @param team encodes rows
   */
  public MatrixWriter(GgufWriter writer, Progress progress, ThreadTeam team) {
    this.writer = writer;
    this.progress = progress;
    this.team = team;
    progress.at(writer.written(), writer.size());
  }

  /**
   * Writes the next tensor.
   *
   * @throws IllegalArgumentException if the format cannot hold some row; the message is a clause
   *     that follows the tensor's name
   */
  public void write(String name, TernaryEncoder format, int rows, int columns, TernaryRows source)
      throws ModelFileException {
    int together = format.rowsTogether(columns);
    write(
        name,
        format,
        new int[] {rows, columns, together, format.trailerBytes()},
        () -> {
          byte[] digits = new byte[columns];
          float[] scales = new float[format.scaleKind().count(columns)];
          return (stripe, first, row) -> {
            source.read(row, digits, scales);
            format.encode(digits, scales, stripe, columns, row - first);
          };
        });
  }

  /** Likewise, a matrix or vector of floats. */
  public void write(String name, FloatFormat format, int rows, int columns, FloatRows source)
      throws ModelFileException {
    write(
        name,
        format,
        new int[] {rows, columns, 1, 0},
        () -> {
          float[] values = new float[columns];
          return (stripe, first, row) -> {
            source.read(row, values);
            format.encode(values, stripe, columns, row - first);
          };
        });
  }

  /** Writes the next tensor as it is. */
  public void copy(String name, MemorySegment bytes) throws ModelFileException {
    writer.begin(name);
    for (long at = 0; at < bytes.byteSize(); at += CHUNK_BYTES) {
      writer.write(bytes.asSlice(at, Math.min(CHUNK_BYTES, bytes.byteSize() - at)));
      progress.at(writer.written(), writer.size());
    }
  }

  /**
   * @param shape rows, columns, rows that share bytes, and bytes after all rows
   */
  private void write(String name, WeightFormat format, int[] shape, Encoders encoders)
      throws ModelFileException {
    int rows = shape[0];
    int columns = shape[1];
    int together = shape[2];
    int trailer = shape[3];
    writer.begin(name);
    long unit = format.bytes(together, columns) - trailer;
    int most = (int) Math.max(1, (CHUNK_BYTES - trailer) / unit) * together;
    for (int first = 0; first < rows; first += most) {
      int count = Math.min(most, rows - first);
      MemorySegment stripe = chunk(format.bytes(count, columns));
      encode(stripe, first, count, together, encoders);
      boolean last = first + count == rows;
      writer.write(last ? stripe : stripe.asSlice(0, stripe.byteSize() - trailer));
      progress.at(writer.written(), writer.size());
    }
  }

  private MemorySegment chunk(long bytes) {
    if (bytes > chunk.byteSize()) { // rows longer than any chunk
      chunk = arena.allocate(bytes, 64);
    }
    return chunk.asSlice(0, bytes);
  }

  private void encode(MemorySegment stripe, int first, int count, int together, Encoders encoders) {
    int units = count / together;
    int pieces = Math.min(PIECES, units);
    team.run(
        (begin, end) -> {
          for (int piece = begin; piece < end; piece++) {
            int from = first + (int) ((long) units * piece / pieces) * together;
            int to = first + (int) ((long) units * (piece + 1) / pieces) * together;
            RowEncoder encoder = encoders.make();
            for (int row = from; row < to; row++) {
              encoder.encode(stripe, first, row);
            }
          }
        },
        pieces,
        1);
  }

  /** Frees the chunk. */
  @Override
  public void close() {
    arena.close();
  }
}
