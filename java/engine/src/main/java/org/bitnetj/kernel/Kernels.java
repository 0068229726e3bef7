package org.bitnetj.kernel;

import java.lang.foreign.MemorySegment;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.tensor.Activation;
import org.bitnetj.tensor.Activation16;
import org.bitnetj.tensor.AttentionLayer;
import org.bitnetj.tensor.AttentionParts;
import org.bitnetj.tensor.Batch;
import org.bitnetj.tensor.FloatMatrix;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.LogitBounds;
import org.bitnetj.tensor.LowBitMatrix;
import org.bitnetj.tensor.Norm;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.Rope;
import org.bitnetj.tensor.TernaryMatrix;
import org.bitnetj.tensor.TernaryVectors;

/**
 * The arithmetic of the forward pass, each method over a range {@code [begin, end)} of rows, panels
 * or items, so that a team of threads can share it. Every implementation returns the same bits;
 * {@code ScalarKernels} is the definition, written for reading.
 *
 * <p>Shapes must fit, ranges must lie inside the operands, and tokens and positions of a batch must
 * be in range: callers ensure it, implementations may rely on it. Stateless and thread-safe as long
 * as two calls do not write the same rows.
 */
public interface Kernels {
  KernelTier tier();

  /**
   * Whether this tier decodes faster by leaving weights out: the rows and columns of a feed-forward
   * network that are multiplied by 0, and the rows of the head that a low-bit copy rules out. If
   * not, the loader keeps all ternary matrices as panels, and makes a low-bit copy only on request.
   */
  boolean gainsBySkipping();

  /**
   * The share of active rows, of an up projection for each of that many rows of activations, up to
   * which {@link #gatedProduct} and {@link #sparseProduct} are faster than {@link #vectorsProduct}.
   * On Zen 5 (AVX-512, 2560 by 6912) these took as long at a share of 0.35 with 4 and 0.4 with 16
   * rows.
   */
  default double crossover(int rows) {
    return 0.35;
  }

  /**
   * Packs panels of {@code w} from a matrix in its file's own format: {@link TernaryMatrix#pack}.
   *
   * @param source exactly the stored matrix's bytes
   * @return false if some digit is larger than {@code w}'s largest
   */
  boolean pack(TernaryFormat format, MemorySegment source, TernaryMatrix w, int begin, int end);

  /** Row r of {@code out} = the embedding of the batch's token r, for rows of the batch. */
  void embed(FloatMatrix table, Batch batch, FloatRows out, int begin, int end);

  /** {@code x += y}, by rows. */
  void add(FloatRows x, FloatRows y, int begin, int end);

  /** {@code out = norm(x)}, by rows; both may be the same. */
  void normalize(FloatRows x, Norm norm, FloatRows out, int begin, int end);

  /**
   * {@code out = quantize(norm(x))}, by rows; with the scales and sums that {@code out} has.
   *
   * @return false if some normalized activation is NaN or infinite
   */
  boolean quantize(FloatRows x, Norm norm, QuantizedRows out, int begin, int end);

  /** {@code gate = act(gate) * up}, by rows. */
  void gate(Activation activation, FloatRows gate, FloatRows up, int begin, int end);

  /**
   * {@code y[t] = W a[t]} for the first {@code count} rows, by panels of {@code w}.
   *
   * @param a with scales by rows if {@code w} has no scales by groups; else with sums by groups
   *     whose size divides those of {@code w}, and scales by rows or by blocks of whole groups
   */
  void ternaryProduct(TernaryMatrix w, QuantizedRows a, FloatRows y, int count, int begin, int end);

  /**
   * Copies {@code w} row by row or column by column. Item i is vectors {@code 16i} to {@code 16i +
   * 15} of {@code vectors}, as far as there are any.
   */
  void packVectors(TernaryMatrix w, TernaryVectors vectors, int begin, int end);

  /**
   * {@link #ternaryProduct} of a matrix by rows or columns, for any number of rows of activations,
   * which have one scale each: panels of 16 rows, best from a multiple of {@link
   * TernaryVectors#LINE_PANELS} to the next.
   *
   * @param scratch memory to work in, of {@link TernaryVectors#scratchBytes} bytes at least from a
   *     multiple of 64 on, that no other call uses meanwhile
   */
  void vectorsProduct(
      TernaryVectors w,
      QuantizedRows a,
      FloatRows y,
      int count,
      int begin,
      int end,
      MemorySegment scratch);

  /**
   * {@code y[t] = W a[t]} for the first {@code count} rows, which have one scale each, by rows
   * {@code [begin, end)} of a row-major {@code w}, but 0 where the row's gate is not above 0. So
   * {@code y} may be used wherever it is multiplied by {@code relu(gate)}, as long as the products
   * left out are finite. Where they might not be, because {@code 128 * columns * |scale|}
   * overflows, every row of {@code w} is multiplied. The bits are those of {@link #ternaryProduct}.
   *
   * @param count at most {@link TernaryVectors#MOST_ROWS}
   * @return bytes of the rows of {@code w} that some row of {@code a} needed
   */
  long gatedProduct(
      TernaryVectors w,
      QuantizedRows a,
      FloatRows gate,
      FloatRows y,
      int count,
      int begin,
      int end);

  /**
   * {@code y[t] = W a[t]} for the first {@code count} rows, which have one scale each, by columns
   * of a column-major {@code w}, those left out whose activation is 0; for rows {@code [256 begin,
   * 256 end)} as far as there are such, so by lines of a column. The bits are those of {@link
   * #ternaryProduct}.
   *
   * @param count at most {@link TernaryVectors#MOST_ROWS}
   * @return bytes of the columns of {@code w} that some row of {@code a} needed
   */
  long sparseProduct(TernaryVectors w, QuantizedRows a, FloatRows y, int count, int begin, int end);

  /** Rotates the heads of {@code x} to their row's position, by rows of the batch. */
  void rotate(Rope rope, Batch batch, FloatRows x, int begin, int end);

  /** Puts keys and values into the cache, by rows of the batch. */
  void store(
      AttentionLayer layer, Batch batch, FloatRows keys, FloatRows values, int begin, int end);

  /**
   * Causal attention. Item i is row {@code i / kvHeads} of the batch and cache head {@code i %
   * kvHeads} with all its query heads.
   */
  void attend(
      AttentionLayer layer, Batch batch, FloatRows queries, FloatRows out, int begin, int end);

  /**
   * The first half of causal attention by parts, so that threads can share a long row: item i is
   * part {@code i / kvHeads} and cache head {@code i % kvHeads} with all its query heads.
   *
   * @param parts cut for this batch
   */
  void attendParts(
      AttentionLayer layer,
      Batch batch,
      FloatRows queries,
      AttentionParts parts,
      int begin,
      int end);

  /**
   * The second half: merges the parts of each row, with the bits of {@link #attend}. Item i is row
   * {@code i / queryHeads} of the batch and query head {@code i % queryHeads}.
   */
  void mergeParts(
      AttentionLayer layer, Batch batch, AttentionParts parts, FloatRows out, int begin, int end);

  /** {@code y[t][r] = x[t] . m[r]} for the first {@code count} rows, by rows of {@code m}. */
  void headProduct(FloatMatrix m, FloatRows x, FloatRows y, int count, int begin, int end);

  /**
   * Makes the low-bit copy of {@code m}, by panels of {@code copy}, which holds zeros.
   *
   * @return false if some weight is NaN or infinite; the copy is then undefined
   */
  boolean packLowBit(FloatMatrix m, LowBitMatrix copy, int begin, int end);

  /**
   * Bounds the logits of each of the first {@code count} rows {@code x[t]} by the coarse plane of
   * {@code m}, whose panels are read once for all of them. By panels.
   */
  void boundLogits(
      LowBitMatrix m, Activation16[] x, LogitBounds[] bounds, int count, int begin, int end);

  /**
   * Bounds the logits of each of the first {@code count} rows {@code x[t]} by both planes where the
   * bound by the coarse plane reaches the threshold of {@code bounds[t]}; other rows of the same
   * panel have that one. Panels whose largest bound is below the threshold keep it, so that this
   * may be done again with a lower threshold. By panels.
   */
  void refineBounds(
      LowBitMatrix m, Activation16[] x, LogitBounds[] bounds, int count, int begin, int end);
}
