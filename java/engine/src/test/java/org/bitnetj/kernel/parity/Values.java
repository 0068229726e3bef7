package org.bitnetj.kernel.parity;

import java.util.random.RandomGenerator;

/** Kinds of float32 test data, from the ordinary to what breaks careless code. */
enum Values {
  NORMAL {
    @Override
    float next(RandomGenerator random) {
      return (float) random.nextGaussian();
    }
  },
  /** Outliers a thousand times larger than the rest, as activations have them. */
  OUTLIERS {
    @Override
    float next(RandomGenerator random) {
      return (float) (random.nextGaussian() * (random.nextInt(50) == 0 ? 1000 : 1));
    }
  },
  /** Any sign and mantissa, exponents from -40 to 40. */
  WIDE {
    @Override
    float next(RandomGenerator random) {
      int bits = random.nextInt() & 0x807fffff | (87 + random.nextInt(81)) << 23;
      return Float.intBitsToFloat(bits);
    }
  },
  /** Every finite bit pattern, as likely as any other: sums overflow. */
  ANY_FINITE {
    @Override
    float next(RandomGenerator random) {
      float value = Float.intBitsToFloat(random.nextInt());
      return Float.isFinite(value) ? value : 0f;
    }
  },
  DENORMAL {
    @Override
    float next(RandomGenerator random) {
      return Float.intBitsToFloat(random.nextInt() & 0x807fffff);
    }
  },
  /** Zeros of both signs. */
  ZERO {
    @Override
    float next(RandomGenerator random) {
      return random.nextBoolean() ? 0f : -0f;
    }
  },
  /** With 127 as the largest, quantization meets halves between two integers. */
  TIES {
    @Override
    float next(RandomGenerator random) {
      return random.nextInt(4) == 0
          ? (random.nextBoolean() ? 127f : -127f)
          : random.nextInt(-127, 127) + 0.5f;
    }
  },
  /** Plus or minus one. */
  UNIT {
    @Override
    float next(RandomGenerator random) {
      return random.nextBoolean() ? 1f : -1f;
    }
  },
  HUGE {
    @Override
    float next(RandomGenerator random) {
      return (float) ((random.nextDouble() - 0.5) * 2 * Float.MAX_VALUE);
    }
  },
  TINY {
    @Override
    float next(RandomGenerator random) {
      return (float) (random.nextGaussian() * 1e-7);
    }
  };

  abstract float next(RandomGenerator random);
}
