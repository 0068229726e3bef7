package org.bitnetj.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.bitnetj.format.BF16Format;
import org.bitnetj.format.F16Format;
import org.bitnetj.format.F32Format;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.Q4Format;
import org.bitnetj.format.Q6kFormat;
import org.bitnetj.format.Q8Format;
import org.bitnetj.format.QkFormat;
import org.bitnetj.tensor.FloatRows;
import org.bitnetj.tensor.QuantizedRows;
import org.bitnetj.tensor.TernaryMatrix;

/** Fills operands with random numbers of a fixed seed, ordinary ones: no NaN, nothing huge. */
final class RandomBits {
  private static final short F16_SCALE = Float.floatToFloat16(1 / 256f);

  private final RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(1);

  void fill(TernaryMatrix w) {
    if (w.rows() % 16 == 0 && w.columns() % 16 == 0) {
      MemorySegment panels = w.panels();
      for (long at = 0; at < w.panels().byteSize(); at++) {
        int fields = random.nextInt(81);
        int packed = fields % 3 | fields / 3 % 3 << 2 | fields / 9 % 3 << 4 | fields / 27 << 6;
        panels.set(ValueLayout.JAVA_BYTE, at, (byte) packed);
      }
      return;
    }
    for (int row = 0; row < w.rows(); row++) {
      for (int column = 0; column < w.columns(); column++) {
        w.setDigit(row, column, random.nextInt(3));
      }
    }
  }

  void fill(QuantizedRows a) {
    for (int row = 0; row < a.capacity(); row++) {
      int sum = 0;
      for (int column = 0; column < a.columns(); column++) {
        byte value = (byte) random.nextInt(-128, 128);
        a.setValue(row, column, value);
        sum += value;
      }
      a.setSum(row, sum);
      for (int block = 0; block < a.blocks(); block++) {
        a.setScale(row, block, (row + block + 1) / 127f);
      }
      int length = a.cut().groupColumns();
      for (int group = 0; length > 0 && group < a.groups(); group++) {
        int part = 0;
        for (int i = group * length; i < Math.min((group + 1) * length, a.columns()); i++) {
          part += a.value(row, i);
        }
        a.setGroupSum(row, group, part);
      }
    }
  }

  void fill(FloatRows x) {
    for (int row = 0; row < x.capacity(); row++) {
      for (int column = 0; column < x.columns(); column++) {
        x.set(row, column, random.nextFloat(-1, 1));
      }
    }
  }

  /** Numbers in a format, with magnitudes from 1/8 to 1/2 where they are floats. */
  void fill(MemorySegment data, FloatFormat format) {
    switch (format) {
      case F32Format _ -> {
        for (long at = 0; at < data.byteSize(); at += 4) {
          int bits = random.nextInt() & 0x807fffff | 0x3e000000;
          data.set(ValueLayout.JAVA_INT_UNALIGNED, at, bits);
        }
      }
      case F16Format _ -> halves(data, 0x83ff, 0x3000);
      case BF16Format _ -> halves(data, 0x807f, 0x3e00);
      case Q8Format f -> blocks(data, f.blockBytes(), 0);
      case Q4Format f -> blocks(data, f.blockBytes(), 0);
      case QkFormat f -> blocks(data, f.blockBytes(), 0, 2);
      case Q6kFormat f -> blocks(data, f.blockBytes(), f.blockBytes() - 2);
      default -> throw new IllegalArgumentException("no random numbers in " + format.name());
    }
  }

  /** Bytes that every two-bit format reads as digits 0 and 1, and a base-3 one as digits 0 to 2. */
  void fillDigits(MemorySegment data) {
    for (long at = 0; at < data.byteSize(); at++) {
      data.set(ValueLayout.JAVA_BYTE, at, (byte) (random.nextInt() & 0x55));
    }
  }

  private void halves(MemorySegment data, int kept, int exponent) {
    for (long at = 0; at < data.byteSize(); at += 2) {
      short bits = (short) (random.nextInt() & kept | exponent);
      data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, bits);
    }
  }

  private void blocks(MemorySegment data, int blockBytes, int... scalesAt) {
    for (long at = 0; at < data.byteSize(); at++) {
      data.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
    }
    for (int scaleAt : scalesAt) {
      for (long at = scaleAt; at < data.byteSize(); at += blockBytes) {
        data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, F16_SCALE);
      }
    }
  }
}
