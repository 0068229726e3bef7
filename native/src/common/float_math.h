/*
 * The project's elementary functions and conversions, portable: the same operations in the same
 * order as org.bitnetj.kernel.scalar.FloatMath. Nothing here calls a mathematics library.
 */
#ifndef BITNET_FLOAT_MATH_H
#define BITNET_FLOAT_MATH_H

#include <stdint.h>
#include <string.h>

/* Lanes of a reduction: lane l takes elements i with i % 16 == l in rising order. */
#define BN_LANES 16

/* The constants of exp, whose two parts of ln 2 and polynomial FloatMath explains. */
#define BN_EXP_LOW -104.0f
#define BN_EXP_HIGH 89.0f
#define BN_LOG2_E 0x1.715476p0f
#define BN_LN2_HIGH 0x1.62e4p-1f
#define BN_LN2_LOW 0x1.7f7d1cp-20f
#define BN_EXP_C2 0x1.fffffcp-2f
#define BN_EXP_C3 0x1.555492p-3f
#define BN_EXP_C4 0x1.5558f2p-5f
#define BN_EXP_C5 0x1.123a2p-7f
#define BN_EXP_C6 0x1.6a23dap-10f

static inline uint32_t bn_bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline float bn_float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* a * b + c rounded once. */
static inline float bn_fma(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  /*
   * The product is exact in a double (48 bits of 53), the sum rounded. Rounding it again to float
   * can only go wrong where the first rounding ended in the middle of two floats.
   */
  double product = (double)a * b;
  double sum = product + c;
  uint64_t bits;
  memcpy(&bits, &sum, sizeof bits);
  const uint64_t smallest_normal = (uint64_t)(1023 - 126) << 52; /* 2^-126 */
  if ((bits & 0x1fffffff) != 0x10000000 && (bits & ~((uint64_t)1 << 63)) >= smallest_normal) {
    return (float)sum; /* not the middle of two normal floats */
  }
  /*
   * Round to odd instead: where the sum is inexact, take its neighbour with an odd last bit. That
   * rounds to float as the exact sum does, for 53 >= 24 + 2 (Boldo and Melquiond, "Emulation of FMA
   * and correctly rounded sums", 2008).
   */
  double part = sum - product; /* Knuth's two-sum: the error is exact */
  double error = (product - (sum - part)) + (c - part);
  if (error != 0 && (bits & 1) == 0) {
    bits += (error > 0) == (sum > 0) ? 1 : -(uint64_t)1;
    memcpy(&sum, &bits, sizeof sum);
  }
  return (float)sum;
#endif
}

/* The nearest integer, ties to even, for |x| < 2^22. A zero's sign is lost. */
static inline float bn_rint(float x) {
  const float shift = 0x1.8p23f; /* from here to 2^24 the floats are the integers */
  return (x + shift) - shift;
}

/* e^x within 1 ulp where that is normal; 0 below -104, infinite above 88.73, NaN for NaN. */
static inline float bn_exp(float x) {
  if (x != x) {
    return x;
  }
  float c = x < BN_EXP_LOW ? BN_EXP_LOW : x;
  c = c > BN_EXP_HIGH ? BN_EXP_HIGH : c;
  float n = bn_rint(c * BN_LOG2_E);
  float r = bn_fma(n, -BN_LN2_HIGH, c);
  r = bn_fma(n, -BN_LN2_LOW, r);
  float p = bn_fma(BN_EXP_C6, r, BN_EXP_C5);
  p = bn_fma(p, r, BN_EXP_C4);
  p = bn_fma(p, r, BN_EXP_C3);
  p = bn_fma(p, r, BN_EXP_C2);
  p = bn_fma(p, r, 1.0f);
  p = bn_fma(p, r, 1.0f);
  int32_t k = (int32_t)n;
  int32_t half = k >> 1; /* 2^k in two factors, each a normal float */
  return p * bn_float_of((uint32_t)(half + 127) << 23) *
         bn_float_of((uint32_t)(k - half + 127) << 23);
}

/* x / (1 + exp(-x)). */
static inline float bn_silu(float x) { return x / (1.0f + bn_exp(-x)); }

/*
 * x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2, Hendrycks and Gimpel's approximation of GELU,
 * as x / (1 + exp(-u)) with u = x (C0 + C1 x^2).
 */
#define BN_GELU_C0 1.5957691f   /* 2 sqrt(2 / pi) */
#define BN_GELU_C1 0.071354814f /* 0.044715 C0 */
static inline float bn_gelu(float x) {
  return x / (1.0f + bn_exp(-(x * bn_fma(x * x, BN_GELU_C1, BN_GELU_C0))));
}

/* max(x, 0)^2; NaN for NaN. */
static inline float bn_relu_squared(float x) {
  float r = x < 0.0f ? 0.0f : x;
  return r * r;
}

/* 16 lanes to one by adding the upper half to the lower, four times. Overwrites them. */
static inline float bn_fold(float* lanes) {
  for (int half = BN_LANES / 2; half > 0; half /= 2) {
    for (int l = 0; l < half; l++) {
      lanes[l] += lanes[l + half];
    }
  }
  return lanes[0];
}

/*
 * lanes[l] = fma(a[l], b[l], lanes[l]) for l in [0, 16). Without the instruction it is bn_fma's
 * quick way for all lanes, in a loop that compilers turn into vectors, and its slow way for all if
 * one of them needs it, which takes a sum in the middle of two floats or a subnormal or zero one.
 */
static inline void bn_fma_lanes(float* restrict lanes, const float* a, const float* b) {
#if !defined(__FMA__) && !defined(__aarch64__)
  float sums[BN_LANES];
  uint32_t slow = 0;
  for (int l = 0; l < BN_LANES; l++) {
    double sum = (double)a[l] * b[l] + lanes[l];
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    uint32_t low = (uint32_t)bits & 0x1fffffff;
    uint32_t exponent = (uint32_t)(bits >> 32) & 0x7ff00000;
    slow |= (uint32_t)(low == 0x10000000) | (uint32_t)(exponent < (1023u - 126u) << 20);
    sums[l] = (float)sum;
  }
  if (!slow) {
    memcpy(lanes, sums, sizeof sums);
    return;
  }
#endif
  for (int l = 0; l < BN_LANES; l++) {
    lanes[l] = bn_fma(a[l], b[l], lanes[l]);
  }
}

/* lanes[i % 16] = fma(a[i], b[i], lanes[i % 16]) for rising i in [0, n). */
static inline void bn_accumulate(float* restrict lanes, const float* a, const float* b, int64_t n) {
  int64_t i = 0;
  for (; i + BN_LANES <= n; i += BN_LANES) {
    bn_fma_lanes(lanes, a + i, b + i);
  }
  for (; i < n; i++) {
    lanes[i % BN_LANES] = bn_fma(a[i], b[i], lanes[i % BN_LANES]);
  }
}

/* Dot product: fused into 16 lanes, then folded. */
static inline float bn_dot(const float* a, const float* b, int64_t n) {
  float lanes[BN_LANES] = {0};
  bn_accumulate(lanes, a, b, n);
  return bn_fold(lanes);
}

/* Sum: added into 16 lanes, then folded. */
static inline float bn_sum(const float* a, int64_t n) {
  float lanes[BN_LANES] = {0};
  for (int64_t i = 0; i < n; i++) {
    lanes[i % BN_LANES] += a[i];
  }
  return bn_fold(lanes);
}

/*
 * float16 to float32, exact. Its bits in the place of a float's are 2^-112 times the number, also
 * where that is subnormal, but for infinities and NaNs. Without a branch, so that loops of it can
 * be made vectors.
 */
static inline float bn_from_half(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16;
  uint32_t shifted = (uint32_t)(h & 0x7fff) << 13;
  uint32_t finite = bn_bits_of(bn_float_of(shifted) * 0x1p112f);
  return bn_float_of(sign | (shifted >= 0x7c00u << 13 ? shifted | 0x7f800000 : finite));
}

/* float32 to float16, ties to even; beyond 65519 infinite; a NaN stays one. */
static inline uint16_t bn_to_half(float x) {
  uint32_t bits = bn_bits_of(x);
  uint32_t sign = bits >> 16 & 0x8000;
  uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) {
    return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
  }
  if (magnitude >= 0x47800000) { /* 65536 */
    return (uint16_t)(sign | 0x7c00);
  }
  if (magnitude >= 0x38800000) { /* 2^-14: normal; a carry runs on into the exponent, up to inf */
    uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
    return (uint16_t)(sign | ((rounded >> 13) - (112u << 10)));
  }
  /* Adding 0.5, whose last bit is worth 2^-24, rounds to a subnormal's last bit. */
  return (uint16_t)(sign | (bn_bits_of(bn_float_of(magnitude) + 0.5f) - bn_bits_of(0.5f)));
}

/*
 * 1 / sqrt(mean + epsilon), the factor of RMSNorm. NaN where the sum of squares overflowed, so that
 * such a row is found to be no number instead of becoming zeros: mean - mean is +0 otherwise.
 */
static inline float bn_inverse_root(float mean, float epsilon) {
  return 1.0f / __builtin_sqrtf(mean + epsilon) + (mean - mean);
}

/* 1 / sqrt(mean of squares + epsilon) of n elements. */
static inline float bn_inverse_rms(const float* x, int64_t n, float epsilon) {
  return bn_inverse_root(bn_dot(x, x, n) / (float)n, epsilon);
}

static inline uint16_t bn_load_u16(const uint8_t* p) {
  uint16_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

#endif
