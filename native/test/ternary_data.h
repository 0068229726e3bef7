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

/* A matrix in panels, sealed. A scale of NaN means a random one. */
bn_ternary new_ternary(rng* r, place where, digits kind, int32_t rows, int32_t columns,
                       float scale);

typedef enum scales {
  SCALES_RANDOM,
  SCALES_ZERO, /* of either sign */
  SCALES_SUBNORMAL,
  SCALES_HUGE,
  SCALES_MIXED, /* any finite bits */
  SCALES_KINDS
} scales;

/* Gives the matrix scales by rows or by groups instead, sealed. */
void set_row_scales(rng* r, place where, bn_ternary* w, scales kind);
void set_group_scales(rng* r, place where, bn_ternary* w, scales kind, int32_t group_columns);

/* The same ternary matrix in panels of five digits a byte, sealed. */
bn_ternary five_digits_of(place where, const bn_ternary* w);

/* The digit of one weight, in either layout. */
int digit_at(const bn_ternary* w, int32_t row, int32_t column);

/* The same matrix by rows or columns, sealed: each digit put where bitnet.h says. */
bn_ternary_vectors vectors_of(place where, const bn_ternary* w, int32_t order);

/* Rows that are wide bytes further apart than they need be, sealed. */
bn_quantized new_quantized(rng* r, place where, values kind, int32_t rows, int32_t columns,
                           int32_t wide);

/* Adds sums by groups and, unless block_columns is 0, scales by blocks. Sealed. */
void cut_quantized(rng* r, place where, bn_quantized* q, int32_t group_columns,
                   int32_t block_columns);

#endif
