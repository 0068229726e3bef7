/* Ternary matrices and quantized activations for tests. */
#ifndef BITNET_TERNARY_DATA_H
#define BITNET_TERNARY_DATA_H

#include "testing.h"

typedef enum digits {
  DIGITS_RANDOM,
  DIGITS_PLUS,
  DIGITS_MINUS,
  DIGITS_ZERO,
  DIGITS_KINDS, /* ternary ones; the others have digits 3 too */
  DIGITS_RANDOM_TO_3 = DIGITS_KINDS,
  DIGITS_3,
  ALL_DIGITS_KINDS
} digits;
typedef enum values {
  VALUES_RANDOM,
  VALUES_HIGH,
  VALUES_LOW,
  VALUES_ZERO,
  VALUES_EXTREMES,
  VALUES_SPARSE, /* mostly 0 */
  VALUES_KINDS
} values;

/* A matrix in panels, sealed. A scale of NaN stands for a random one. */
bn_ternary new_ternary(rng* r, place where, digits kind, int32_t rows, int32_t columns,
                       float scale);

/* The digit of one weight. */
int digit_at(const bn_ternary* w, int32_t row, int32_t column);

/* The same matrix in strips, sealed: each digit put where bitnet.h says. */
bn_strips strips_of(place where, const bn_ternary* w, int32_t direction);

/* Rows that are wide bytes further apart than they need be, sealed. */
bn_quantized new_quantized(rng* r, place where, values kind, int32_t rows, int32_t columns,
                           int32_t wide);

#endif
