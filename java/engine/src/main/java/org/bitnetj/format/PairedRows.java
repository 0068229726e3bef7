package org.bitnetj.format;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.bitnetj.parallel.ThreadTeam;

/**
 * The rows of a query or key matrix in the order that GGUF files of Llama have: rows {@code i} and
 * {@code i + headDim / 2} of a head, which are rotated together, come after each other. Checkpoints
 * store the halves of a head one after the other. The order is that of {@code permute} in
 * llama.cpp's {@code convert_hf_to_gguf.py}.
 *
 * @param stored the format of the same bytes, in their own order
 * @param headDim rows of a head, even
 */
public record PairedRows(TernaryFormat stored, int headDim) implements TernaryFormat {
  /** Where a row of the order by pairs is in the order by halves. */
  public static int stored(int row, int headDim) {
    int inHead = row % headDim;
    return row - inHead + inHead % 2 * (headDim / 2) + inHead / 2;
  }

  @Override
  public String name() {
    return stored.name();
  }

  /** None: kernels know the order of rows that is stored. */
  @Override
  public int id() {
    return -1;
  }

  @Override
  public int blockColumns() {
    return stored.blockColumns();
  }

  @Override
  public int blockBytes() {
    return stored.blockBytes();
  }

  @Override
  public long bytes(long rows, long columns) {
    return stored.bytes(rows, columns);
  }

  @Override
  public ScaleKind scaleKind() {
    return stored.scaleKind();
  }

  @Override
  public int largestDigit() {
    return stored.largestDigit();
  }

  @Override
  public void digits(MemorySegment data, int columns, int row, byte[] out) {
    stored.digits(data, columns, stored(row, headDim), out);
  }

  @Override
  public void scales(MemorySegment data, int columns, int row, float[] out) {
    stored.scales(data, columns, stored(row, headDim), out);
  }

  @Override
  public void prepare(MemorySegment data, int columns, ThreadTeam team) {
    stored.prepare(data, columns, team);
  }

  @Override
  public Optional<Float> uniformScale(MemorySegment data, int rows, int columns) {
    return stored.uniformScale(data, rows, columns);
  }
}
