/* The portable arithmetic of float_math.h against its definitions. */
#include "common/float_math.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "testing.h"

static const test_case portable = {.op = "float_math.h", .tier = BN_TIER_C, .seed = 1};

static void same_float(const char* what, uint32_t bits, float expected, float actual) {
  if (bn_bits_of(expected) != bn_bits_of(actual) && (expected == expected || actual == actual)) {
    fail(&portable, "%s of %08x: %a instead of %a", what, bits, (double)actual, (double)expected);
  }
}

/* What the bits of a float16 mean. */
static double half_value(uint16_t h) {
  const int exponent = h >> 10 & 31;
  const int mantissa = h & 0x3ff;
  const double magnitude = exponent == 0    ? ldexp(mantissa, -24)
                           : exponent == 31 ? (mantissa == 0 ? INFINITY : NAN)
                                            : ldexp(1024 + mantissa, exponent - 25);
  return h & 0x8000 ? -magnitude : magnitude;
}

static void halves_convert_exactly(void) {
  for (uint32_t h = 0; h < 0x10000; h++) {
    const float x = bn_from_half((uint16_t)h);
    same_float("bn_from_half", h, (float)half_value((uint16_t)h), x);
    if (x == x) {
      same_int(&portable, "bn_to_half(bn_from_half)", h, h, bn_to_half(x));
    } else if ((bn_to_half(x) & 0x7fff) <= 0x7c00) {
      fail(&portable, "bn_to_half of NaN %08x is a number", bn_bits_of(x));
    }
  }
}

/* Between neighbours the nearer one is taken, and the even one in the middle. */
static void floats_round_to_the_nearest_half(void) {
  for (uint32_t h = 0; h < 0x7c00; h++) {
    const double low = half_value((uint16_t)h);
    const double high = h == 0x7bff ? 65536.0 : half_value((uint16_t)(h + 1));
    const float middle = (float)((low + high) / 2);
    const uint32_t even = h % 2 == 0 ? h : h + 1;
    for (uint32_t sign = 0; sign <= 0x8000; sign += 0x8000) {
      const float s = sign ? -1.0f : 1.0f;
      same_int(&portable, "middle above half", h, sign | even, bn_to_half(s * middle));
      same_int(&portable, "below the middle above half", h, sign | h,
               bn_to_half(s * nextafterf(middle, 0.0f)));
      same_int(&portable, "beyond the middle above half", h, sign | (h + 1),
               bn_to_half(s * nextafterf(middle, INFINITY)));
    }
  }
}

static void same_fma(float a, float b, float c) {
  const float expected = fmaf(a, b, c);
  const float actual = bn_fma(a, b, c);
  if (bn_bits_of(expected) != bn_bits_of(actual) && (expected == expected || actual == actual)) {
    fail(&portable, "bn_fma(%a, %a, %a) = %a instead of %a", (double)a, (double)b, (double)c,
         (double)actual, (double)expected);
  }
}

/* The C library's fmaf is one instruction or a proved emulation; ours must agree with it. */
static void fma_rounds_once(void) {
  rng r = {1};
  for (int i = 0; i < 2000000; i++) {
    float v[3];
    fill(&r, i % 2 == 0 ? DATA_ANY : DATA_WIDE, v, 3);
    same_fma(v[0], v[1], v[2]);
    /* The product cancels, or sits beside a sum's last bits. */
    const float a = random_unit(&r);
    const float b = random_unit(&r);
    same_fma(a, b, -(a * b));
    same_fma(a, b, ldexpf(a * b, random_below(&r, 60) - 30));
    /* An odd product of 25 bits is the middle of two floats; a tiny term decides. */
    const float odd = (float)(2049 + 2 * random_below(&r, 1023));
    const float other = (float)(8191 - 2 * random_below(&r, 500));
    const float tiny = ldexpf(random_unit(&r), -random_below(&r, 140));
    same_fma(odd, other, tiny);
    same_fma(odd, -other, tiny);
    same_fma(odd, other, 0.0f);
    /* The middle of two subnormal floats less a 2^-196. */
    const float subnormal = bn_float_of((uint32_t)next_random(&r) & 0x807fffff);
    same_fma(0x1.000002p-75f, 0x1.fffffcp-76f, subnormal);
    same_fma(0x1.000002p-75f, -0x1.fffffcp-76f, subnormal);
  }
}

static void rint_rounds_ties_to_even(void) {
  for (int i = -2000; i <= 2000; i++) {
    const float x = (float)i / 8.0f;
    same_float("bn_rint", bn_bits_of(x), rintf(x) + 0.0f, bn_rint(x) + 0.0f);
  }
}

/* 16 lanes, then halves: a different order gives a different sum here. */
static void reductions_keep_their_order(void) {
  float a[40];
  float ones[40];
  for (int i = 0; i < 40; i++) {
    a[i] = (i % 3 == 0 ? 1e8f : i % 3 == 1 ? -1e8f : 1.0f) + (float)i;
    ones[i] = 1.0f;
  }
  float lanes[16] = {0};
  for (int i = 0; i < 40; i++) {
    lanes[i % 16] += a[i];
  }
  for (int half = 8; half > 0; half /= 2) {
    for (int l = 0; l < half; l++) {
      lanes[l] += lanes[l + half];
    }
  }
  same_float("bn_sum", 40, lanes[0], bn_sum(a, 40));
  same_float("bn_dot with ones", 40, lanes[0], bn_dot(a, ones, 40));
}

int main(void) {
  halves_convert_exactly();
  floats_round_to_the_nearest_half();
  rint_rounds_ties_to_even();
  reductions_keep_their_order();
  fma_rounds_once();
  return 0;
}
