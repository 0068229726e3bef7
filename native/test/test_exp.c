/*
 * exp of all float32 from -104 to 89 on every tier against the portable one, bit for bit, and that
 * one against the double precision exp of the C library. With a number n as its argument, only one
 * in n of them: for emulators.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bitnet.h"
#include "common/float_math.h"
#include "exp_all.h"

enum { PART = 4096 };

/* The largest float whose exp is finite: ln(FLT_MAX) is 88.722839052. */
#define LARGEST 0x1.62e42ep+6f

/* Below 2^-25 in absolute value x is less than half an ulp of 1 on either side. */
static const uint32_t ONE_BELOW = 0x33000000;
/* One in this many floats is compared with the C library's exp: a prime. */
static const uint32_t STRIDE = 7;

/* One in this many parts, and of the floats compared with the C library's exp, is looked at. */
static uint32_t sample = 1;

static exp_all_fn* tiers[BN_TIER_COUNT];

static void fail(int32_t tier, float x, float expected, float actual) {
  fprintf(stderr, "FAILED exp, tier %d: exp(%a) = %a (%08x) instead of %a (%08x)\n", tier,
          (double)x, (double)actual, bn_bits_of(actual), (double)expected, bn_bits_of(expected));
  exit(1);
}

/* Error in units of the last place of the true value, which is a normal float. */
static double error_in_ulps(float x, float y) {
  const double truth = exp((double)x);
  int exponent;
  frexp(truth, &exponent);
  return fabs((double)y - truth) / ldexp(1.0, exponent - 24);
}

/* The floats whose bits are [first, first + PART), tiers against the portable exp. */
static void check_part(uint32_t first, uint32_t magnitude) {
  static _Alignas(64) float x[PART];
  static _Alignas(64) float expected[PART];
  static _Alignas(64) float actual[PART];
  for (uint32_t i = 0; i < PART; i++) {
    x[i] = bn_float_of(first + i);
  }
  if (magnitude + PART <= ONE_BELOW) {
    for (uint32_t i = 0; i < PART; i++) {
      expected[i] = 1.0f;
    }
    for (uint32_t i = first % 61; i < PART; i += 61) { /* a sample: it is slower than the others */
      if (bn_exp(x[i]) != 1.0f) {
        fail(BN_TIER_C, x[i], 1.0f, bn_exp(x[i]));
      }
    }
  } else {
    for (uint32_t i = 0; i < PART; i++) {
      expected[i] = bn_exp(x[i]);
    }
  }
  for (int32_t tier = 0; tier < BN_TIER_COUNT; tier++) {
    if (tiers[tier] != NULL) {
      tiers[tier](x, actual, PART);
      if (memcmp(expected, actual, sizeof expected) != 0) {
        for (uint32_t i = 0; i < PART; i++) {
          if (bn_bits_of(expected[i]) != bn_bits_of(actual[i])) {
            fail(tier, x[i], expected[i], actual[i]);
          }
        }
      }
    }
  }
}

/* All floats from 0 to last, which has the sign given. */
static void check_all_to(float last, uint32_t sign) {
  const uint32_t end = bn_bits_of(last) & 0x7fffffff;
  for (uint32_t magnitude = 0; magnitude <= end; magnitude += sample * PART) {
    check_part(sign | magnitude, magnitude);
  }
}

static void check_accuracy(void) {
  double worst = 0;
  float at = 0;
  double worst_subnormal = 0;
  for (uint32_t sign = 0; sign <= 0x80000000u; sign += 0x80000000u) {
    const uint32_t end = bn_bits_of(sign ? 104.0f : LARGEST);
    for (uint32_t bits = ONE_BELOW - 0x01000000; bits <= end; bits += sample * STRIDE) {
      const float x = bn_float_of(sign | bits);
      const float y = bn_exp(x);
      if (x < -87.33655f) { /* exp(x) < 2^-126 */
        const double error = fabs((double)y - exp((double)x)) / 0x1p-149;
        worst_subnormal = error > worst_subnormal ? error : worst_subnormal;
      } else {
        const double error = error_in_ulps(x, y);
        if (error > worst) {
          worst = error;
          at = x;
        }
      }
    }
    if (sign) {
      break;
    }
  }
  printf("largest error %.4f ulp, at %a; among subnormal results %.4f of the smallest float\n",
         worst, (double)at, worst_subnormal);
  if (!(worst < 1.0) || !(worst_subnormal < 1.0)) {
    fprintf(stderr, "FAILED exp: the largest error must be below 1\n");
    exit(1);
  }
}

static void check_limits(void) {
  static _Alignas(64) float x[16] = {NAN,      INFINITY, -INFINITY, 88.8f,  -104.5f, 3.4e38f,
                                     -3.4e38f, 0.0f,     -0.0f,     1e-45f, -1e-45f, LARGEST};
  static const float expected[16] = {NAN,  INFINITY, 0.0f, INFINITY, 0.0f, INFINITY,
                                     0.0f, 1.0f,     1.0f, 1.0f,     1.0f};
  static _Alignas(64) float actual[16];
  for (int32_t tier = 0; tier < BN_TIER_COUNT; tier++) {
    if (tier == BN_TIER_C) {
      for (int i = 0; i < 16; i++) {
        actual[i] = bn_exp(x[i]);
      }
    } else if (tiers[tier] != NULL) {
      tiers[tier](x, actual, 16);
    } else {
      continue;
    }
    for (int i = 0; i < 11; i++) {
      if (i == 0 ? actual[i] == actual[i] : bn_bits_of(actual[i]) != bn_bits_of(expected[i])) {
        fail(tier, x[i], expected[i], actual[i]);
      }
    }
    if (!(actual[11] > 3.4e38f && actual[11] < INFINITY)) { /* the largest finite result */
      fail(tier, x[11], 3.402e38f, actual[11]);
    }
  }
}

int main(int argc, char** argv) {
  if (argc > 1) {
    sample = (uint32_t)strtoul(argv[1], NULL, 10);
    if (sample == 0 || sample > 10000) { /* then a step were nothing, or more than all */
      fprintf(stderr, "test_exp [n]: looks at one float in n, from 1 to 10000\n");
      return 2;
    }
    printf("exp: a sample of one in %u\n", sample);
  }
#if defined(__x86_64__)
  tiers[BN_TIER_AVX2] = exp_all_avx2;
  tiers[BN_TIER_AVX512] = exp_all_avx512;
#elif defined(__aarch64__)
  tiers[BN_TIER_NEON] = exp_all_neon;
#endif
  for (int32_t tier = BN_TIER_C + 1; tier < BN_TIER_COUNT; tier++) {
    if (tiers[tier] != NULL && !(bn_supported_tiers() >> tier & 1)) {
      printf("exp: skipped tier %d: this machine cannot run it\n", tier);
      tiers[tier] = NULL;
    }
  }
  check_limits();
  check_accuracy();
  check_all_to(89.0f, 0);
  check_all_to(-104.0f, 0x80000000u);
  return 0;
}
