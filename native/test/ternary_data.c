#include "ternary_data.h"

#include <math.h>
#include <string.h>

#include "common/float_math.h"

static int64_t panel_bytes(const bn_ternary* w) { return (int64_t)(w->columns + 15) / 16 * 64; }

static uint8_t* byte_of(const bn_ternary* w, int32_t row, int32_t k) {
  return w->panels + row / 16 * panel_bytes(w) + k / 16 * 64 + 4 * (row % 16) + k % 4;
}

/* The digit that four random bits choose. */
static uint32_t chosen(digits kind, uint32_t bits) {
  switch (kind) {
    case DIGITS_RANDOM:
      return bits * 3 >> 4;
    case DIGITS_RANDOM_TO_3:
      return bits & 3;
    case DIGITS_PLUS:
      return 2;
    case DIGITS_MINUS:
      return 0;
    case DIGITS_3:
      return 3;
    default:
      return 1;
  }
}

bn_ternary new_ternary(rng* r, place where, digits kind, int32_t rows, int32_t columns,
                       float scale) {
  bn_ternary w = {.rows = rows,
                  .columns = columns,
                  .layout = BN_PANEL_2BIT,
                  .largest_digit = kind < DIGITS_KINDS ? 2 : 3};
  const bool random = kind == DIGITS_RANDOM || kind == DIGITS_RANDOM_TO_3;
  w.scale = isnan(scale) ? random_unit(r) : scale;
  w.panels = guarded(where, (size_t)((rows + 15) / 16 * panel_bytes(&w)));
  for (int32_t row = 0; row < rows; row++) {
    for (int32_t first = 0; first < columns; first += 16) {
      uint64_t bits = random ? next_random(r) : 0;
      const int32_t n = columns - first < 16 ? columns - first : 16;
      uint8_t quad[4] = {0};
      for (int32_t k = 0; k < n; k++, bits >>= 4) {
        quad[k % 4] |= (uint8_t)(chosen(kind, bits & 15) << 2 * (k / 4));
      }
      memcpy(byte_of(&w, row, first), quad, sizeof quad);
    }
  }
  seal(w.panels);
  return w;
}

/* Where a byte of five digits is. */
static uint8_t* five_at(const bn_ternary* w, int32_t row, int32_t column) {
  const int64_t five_bytes = (int64_t)(w->columns + 19) / 20 * 64;
  return w->panels + row / 16 * five_bytes + column / 20 * 64 + 4 * (row % 16) + column % 4;
}

int digit_at(const bn_ternary* w, int32_t row, int32_t column) {
  if (w->layout == BN_PANEL_2BIT) {
    return *byte_of(w, row, column) >> 2 * (column % 16 / 4) & 3;
  }
  const int byte = *five_at(w, row, column);
  const int pair = byte % 64 % 9;
  const int three = byte % 64 / 9 * 4 + byte / 64;
  const int u[] = {pair / 3, three / 9, three / 3 % 3, pair % 3, three % 3};
  return u[column % 20 / 4];
}

bn_ternary five_digits_of(place where, const bn_ternary* w) {
  bn_ternary five = *w;
  five.layout = BN_PANEL_FIVE_DIGITS;
  five.panels = guarded(where, (size_t)((w->rows + 15) / 16 * ((w->columns + 19) / 20)) * 64);
  for (int32_t row = 0; row < w->rows; row++) {
    for (int32_t k = 0; k < w->columns; k += k % 4 == 3 ? 17 : 1) { /* the first of each byte */
      int u[5];
      for (int32_t f = 0; f < 5; f++) {
        u[f] = k + 4 * f < w->columns ? digit_at(w, row, k + 4 * f) : 0;
      }
      const int three = 9 * u[1] + 3 * u[2] + u[4];
      *five_at(&five, row, k) = (uint8_t)(9 * (three / 4) + 3 * u[0] + u[3] + 64 * (three % 4));
    }
  }
  seal(five.panels);
  return five;
}

bn_ternary_vectors vectors_of(place where, const bn_ternary* w, int32_t order) {
  const int by_rows = order == BN_ROW_MAJOR;
  const int32_t count = by_rows ? w->rows : w->columns;
  const int32_t length = by_rows ? w->columns : w->rows;
  bn_ternary_vectors s = {.stride = (int64_t)(length + 255) / 256 * 64,
                          .rows = w->rows,
                          .columns = w->columns,
                          .order = order,
                          .scale = w->scale};
  s.digits = guarded(where, (size_t)(count * s.stride));
  for (int32_t i = 0; i < count; i++) {
    uint8_t* of = s.digits + i * s.stride;
    for (int32_t k = 0; k < length; k++) {
      const int u = by_rows ? digit_at(w, i, k) : digit_at(w, k, i);
      of[k / 256 * 64 + k % 64] |= (uint8_t)(u << 2 * (k % 256 / 64));
    }
  }
  seal(s.digits);
  return s;
}

static int8_t one_of(rng* r, values kind) {
  switch (kind) {
    case VALUES_RANDOM:
      return (int8_t)next_random(r);
    case VALUES_HIGH:
      return 127;
    case VALUES_LOW:
      return -128;
    case VALUES_ZERO:
      return 0;
    case VALUES_EXTREMES:
      return next_random(r) & 1 ? 127 : -128;
    default:
      return random_below(r, 9) == 0 ? (int8_t)next_random(r) : 0;
  }
}

bn_quantized new_quantized(rng* r, place where, values kind, int32_t rows, int32_t columns,
                           int32_t wide) {
  const int32_t padded = (columns + 19) / 20 * 20; /* to no more by 16 but where that is by 64 */
  bn_quantized q = {.stride = (padded + 63) / 64 * 64 + wide, .columns = columns, .capacity = rows};
  q.values = guarded(where, (size_t)(rows * q.stride));
  q.scales = guarded(where, sizeof(float) * (size_t)rows);
  q.sums = guarded(where, sizeof(int32_t) * (size_t)rows);
  for (int32_t t = 0; t < rows; t++) {
    for (int32_t k = 0; k < columns; k++) {
      const int8_t v = one_of(r, kind);
      q.values[t * q.stride + k] = v;
      q.sums[t] += v;
    }
    q.scales[t] = random_unit(r) + 1.5f;
  }
  seal(q.values);
  seal(q.scales);
  seal(q.sums);
  return q;
}

/* A finite float16 of that kind. */
static uint16_t half_of(rng* r, scales kind) {
  const uint16_t bits = (uint16_t)next_random(r);
  const uint16_t sign = bits & 0x8000;
  switch (kind) {
    case SCALES_ZERO:
      return sign;
    case SCALES_SUBNORMAL:
      return sign | (bits & 0x3ff);
    case SCALES_HUGE:
      return sign | 0x7800 | (bits & 0x3ff);
    case SCALES_MIXED:
      return (bits & 0x7c00) == 0x7c00 ? sign : bits;
    default:
      return bn_to_half(random_unit(r));
  }
}

static float float_of(rng* r, scales kind) {
  const uint32_t bits = (uint32_t)next_random(r);
  const uint32_t sign = bits & 0x80000000;
  switch (kind) {
    case SCALES_ZERO:
      return bn_float_of(sign);
    case SCALES_SUBNORMAL:
      return bn_float_of(sign | (bits & 0x7fffff));
    case SCALES_HUGE:
      return bn_float_of(sign | 0x7f000000 | (bits & 0x7fffff));
    case SCALES_MIXED:
      return bn_float_of((bits & 0x7f800000) == 0x7f800000 ? sign : bits);
    default:
      return random_unit(r);
  }
}

void set_row_scales(rng* r, place where, bn_ternary* w, scales kind) {
  float* all = guarded(where, sizeof(float) * (size_t)((w->rows + 15) / 16 * 16));
  for (int32_t row = 0; row < w->rows; row++) {
    all[row] = float_of(r, kind);
  }
  seal(all);
  w->row_scales = all;
  w->scale = NAN;
}

void set_group_scales(rng* r, place where, bn_ternary* w, scales kind, int32_t group_columns) {
  const int64_t groups = (w->columns + group_columns - 1) / group_columns;
  uint16_t* all = guarded(where, sizeof(uint16_t) * (size_t)((w->rows + 15) / 16 * 16 * groups));
  for (int32_t row = 0; row < w->rows; row++) {
    for (int64_t g = 0; g < groups; g++) {
      all[16 * (groups * (row / 16) + g) + row % 16] = half_of(r, kind);
    }
  }
  seal(all);
  w->group_scales = all;
  w->group_columns = group_columns;
  w->scale = NAN;
}

void cut_quantized(rng* r, place where, bn_quantized* q, int32_t group_columns,
                   int32_t block_columns) {
  const int32_t groups = (q->columns + group_columns - 1) / group_columns;
  int32_t* sums = guarded(where, sizeof(int32_t) * (size_t)(q->capacity * groups));
  for (int32_t t = 0; t < q->capacity; t++) {
    for (int32_t k = 0; k < q->columns; k++) {
      sums[t * groups + k / group_columns] += q->values[t * q->stride + k];
    }
  }
  seal(sums);
  q->group_sums = sums;
  q->group_columns = group_columns;
  if (block_columns != 0) {
    const int32_t n = q->capacity * ((q->columns + block_columns - 1) / block_columns);
    float* all = guarded(where, sizeof(float) * (size_t)n);
    for (int32_t i = 0; i < n; i++) {
      all[i] = random_unit(r) + 1.5f;
    }
    seal(all);
    q->scales = all;
    q->block_columns = block_columns;
  }
}
