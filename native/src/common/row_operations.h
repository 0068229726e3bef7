/*
 * The operations on rows that differ from one instruction set to the next only in its
 * vectors. rows_<isa>.c compiles them: it includes lanes_<isa>.h and matrix_elements_<isa>.h first,
 * and defines BN_KERNEL(op), the name of the tier's kernel.
 */
#include <stddef.h>
#include <string.h>

#include "decode_columns.h"
#include "kernels.h"
#include "vectors.h"

/* ---- add ---- */

/* x += y in the first n elements of a vector. */
BN_INLINE void add(float* x, const float* y, int64_t n) {
  bn_vstore(x, bn_vadd(bn_vload(x, n), bn_vload(y, n)), n);
}

int32_t BN_KERNEL(add)(const bn_rows* x, const bn_rows* y, int32_t begin, int32_t end) {
  const int64_t n = x->columns;
  for (int32_t r = begin; r < end; r++) {
    float* a = bn_row(x, r);
    const float* b = bn_row(y, r);
    int64_t i = 0;
    for (; i + BN_WIDTH <= n; i += BN_WIDTH) {
      add(a + i, b + i, BN_WIDTH);
    }
    if (i < n) {
      add(a + i, b + i, n - i);
    }
  }
  return BN_OK;
}

/* ---- normalize ---- */

int32_t BN_KERNEL(normalize)(const bn_rows* x, const bn_norm* norm, const bn_rows* out,
                             int32_t begin, int32_t end) {
  const int64_t n = x->columns;
  const float* weight = norm->weight;
  for (int32_t r = begin; r < end; r++) {
    const float* in = bn_row(x, r);
    float* y = bn_row(out, r);
    if (weight == NULL) {
      memmove(y, in, sizeof(float) * (size_t)n);
      continue;
    }
    const float inverse = bn_vinverse_rms(in, n, norm->epsilon);
    int64_t i = 0;
    for (; i + BN_WIDTH <= n; i += BN_WIDTH) {
      bn_vstore(y + i, bn_vnormalized(in + i, weight + i, inverse, BN_WIDTH), BN_WIDTH);
    }
    if (i < n) {
      bn_vstore(y + i, bn_vnormalized(in + i, weight + i, inverse, n - i), n - i);
    }
  }
  return BN_OK;
}

/* ---- quantize ---- */

/*
 * norm(x), or x where there is no norm, of elements [i, i + n). The lanes beyond are 0 unless
 * inverse is not finite, and then the norm of every element is not finite either.
 */
BN_INLINE bn_vector normalized(const float* x, const float* weight, float inverse, int64_t i,
                               int64_t n) {
  return weight == NULL ? bn_vload(x + i, n) : bn_vnormalized(x + i, weight + i, inverse, n);
}

/* The largest of |norm(x)| as bits: at least those of infinity if one is not finite. */
static inline uint32_t largest_bits(const float* x, const float* weight, float inverse, int64_t n) {
  bn_integers largest = bn_izero();
  int64_t i = 0;
  for (; i + BN_WIDTH <= n; i += BN_WIDTH) {
    largest = bn_imax(largest, bn_vmagnitude(normalized(x, weight, inverse, i, BN_WIDTH)));
  }
  if (i < n) {
    largest = bn_imax(largest, bn_vmagnitude(normalized(x, weight, inverse, i, n - i)));
  }
  return bn_ilargest(largest);
}

/* Stores y * s as int8; returns the integers. |y * s| <= 127: saturation, the clamp, never acts. */
BN_INLINE bn_integers round_part(bn_vector y, bn_vector s, int8_t* q) {
  const bn_integers v = bn_vround(bn_vmul(y, s));
  bn_istore_int8(q, v);
  return v;
}

/* Writes norm(x) * s as int8, whole vectors with zeros from n on; returns the sum. */
static inline int32_t round_run(const float* x, const float* weight, float inverse, float s,
                                int8_t* q, int64_t n) {
  const bn_vector by = bn_vall(s);
  bn_integers sum = bn_izero();
  int64_t i = 0;
  for (; i + BN_WIDTH <= n; i += BN_WIDTH) {
    sum = bn_iadd(sum, round_part(normalized(x, weight, inverse, i, BN_WIDTH), by, q + i));
  }
  if (i < n) {
    sum = bn_iadd(sum, round_part(normalized(x, weight, inverse, i, n - i), by, q + i));
  }
  return bn_isum(sum);
}

/* Like it, group by group, with the sum of each group if they are needed; returns that of all. */
static inline int32_t round_groups(const float* x, const float* weight, float inverse, float s,
                                   int8_t* q, int64_t n, int64_t group, int32_t* sums) {
  int32_t sum = 0;
  for (int64_t i = 0; i < n; i += group) {
    const int64_t columns = n - i < group ? n - i : group;
    const float* by = weight == NULL ? NULL : weight + i;
    const int32_t part = round_run(x + i, by, inverse, s, q + i, columns);
    if (sums != NULL) {
      *sums++ = part;
    }
    sum += part;
  }
  return sum;
}

int32_t BN_KERNEL(quantize)(const bn_rows* x, const bn_norm* norm, const bn_quantized* out,
                            int32_t begin, int32_t end) {
  const int64_t n = x->columns;
  const int64_t written = (n + BN_WIDTH - 1) / BN_WIDTH * BN_WIDTH;
  const float* weight = norm->weight;
  const int64_t block = out->block_columns == 0 ? n : out->block_columns;
  const int64_t group = out->group_columns == 0 ? n : out->group_columns;
  const int64_t blocks = bn_runs(x->columns, out->block_columns);
  const int64_t groups = bn_runs(x->columns, out->group_columns);
  for (int32_t r = begin; r < end; r++) {
    const float* in = bn_row(x, r);
    const float inverse = weight == NULL ? 1.0f : bn_vinverse_rms(in, n, norm->epsilon);
    int8_t* q = out->values + r * out->stride;
    int32_t* sums = out->group_sums == NULL ? NULL : out->group_sums + r * groups;
    int32_t sum = 0;
    for (int64_t b = 0; b < blocks; b++) {
      const int64_t i = b * block;
      const int64_t columns = n - i < block ? n - i : block;
      const float* by = weight == NULL ? NULL : weight + i;
      const uint32_t largest = largest_bits(in + i, by, inverse, columns);
      if (largest >= 0x7f800000) {
        return BN_NON_FINITE;
      }
      float amax = bn_float_of(largest);
      amax = amax > 1e-5f ? amax : 1e-5f;
      sum += round_groups(in + i, by, inverse, 127.0f / amax, q + i, columns, group,
                          sums == NULL ? NULL : sums + i / group);
      out->scales[r * blocks + b] = amax / 127.0f;
    }
    out->sums[r] = sum;
    memset(q + written, 0, (size_t)(out->stride - written));
  }
  return BN_OK;
}

/* ---- gate ---- */

/* gate = act(gate) * up in the first n elements of a vector. */
BN_INLINE void gate_part(const int32_t activation, float* gate, const float* up, int64_t n) {
  const bn_vector g = bn_vload(gate, n);
  bn_vector act;
  if (activation == BN_ACT_RELU2) {
    act = bn_vrelu_squared(g);
  } else if (activation == BN_ACT_SILU) {
    act = bn_vlogistic(g, g);
  } else {
    const bn_vector slope =
        bn_vfma(bn_vall(BN_GELU_C0), bn_vmul(g, g), bn_vall(BN_GELU_C1), BN_WIDTH);
    act = bn_vlogistic(g, bn_vmul(g, slope));
  }
  bn_vstore(gate, bn_vmul(act, bn_vload(up, n)), n);
}

BN_INLINE void gate_row(const int32_t activation, float* gate, const float* up, int64_t n) {
  int64_t i = 0;
  for (; i + BN_WIDTH <= n; i += BN_WIDTH) {
    gate_part(activation, gate + i, up + i, BN_WIDTH);
  }
  if (i < n) {
    gate_part(activation, gate + i, up + i, n - i);
  }
}

int32_t BN_KERNEL(gate)(int32_t activation, const bn_rows* gate, const bn_rows* up, int32_t begin,
                        int32_t end) {
  if (activation < BN_ACT_RELU2 || activation > BN_ACT_GELU) {
    return BN_UNSUPPORTED;
  }
  for (int32_t r = begin; r < end; r++) {
    if (activation == BN_ACT_RELU2) {
      gate_row(BN_ACT_RELU2, bn_row(gate, r), bn_row(up, r), gate->columns);
    } else if (activation == BN_ACT_SILU) {
      gate_row(BN_ACT_SILU, bn_row(gate, r), bn_row(up, r), gate->columns);
    } else {
      gate_row(BN_ACT_GELU, bn_row(gate, r), bn_row(up, r), gate->columns);
    }
  }
  return BN_OK;
}

/* ---- store ---- */

/*
 * Puts a vector at element at of a cache. Only its own elements are written: other threads own its
 * neighbours.
 */
static void put(const bn_attention* layer, uint16_t* cache, int64_t at, const float* from) {
  const int64_t n = layer->head_dim;
  if (layer->type == BN_TYPE_F32) {
    memcpy((float*)(void*)cache + at, from, sizeof(float) * (size_t)n);
    return;
  }
  uint16_t* to = cache + at;
  int64_t i = 0;
  for (; i + BN_WIDTH <= n; i += BN_WIDTH) {
    bn_vstore_f16(to + i, bn_vload(from + i, BN_WIDTH), BN_WIDTH);
  }
  if (i < n) {
    bn_vstore_f16(to + i, bn_vload(from + i, n - i), n - i);
  }
}

int32_t BN_KERNEL(store)(const bn_attention* layer, const bn_batch* batch, const bn_rows* keys,
                         const bn_rows* values, int32_t begin, int32_t end) {
  if (!bn_is_cache_type(layer->type)) {
    return BN_UNSUPPORTED;
  }
  for (int32_t r = begin; r < end; r++) {
    for (int32_t h = 0; h < layer->kv_heads; h++) {
      const int64_t at = bn_cache_offset(layer, batch->blocks[r], h, batch->positions[r]);
      const int64_t column = (int64_t)h * layer->head_dim;
      put(layer, layer->keys, at, bn_row(keys, r) + column);
      put(layer, layer->values, at, bn_row(values, r) + column);
    }
  }
  return BN_OK;
}

/* ---- embed ---- */

int32_t BN_KERNEL(embed)(const bn_matrix* table, const bn_batch* batch, const bn_rows* out,
                         int32_t begin, int32_t end) {
  for (int32_t r = begin; r < end; r++) {
    const uint8_t* row = bn_matrix_row(table, batch->tokens[r]);
    const int32_t status = bn_vdecode_columns(table->type, row, 0, table->columns, bn_row(out, r));
    if (status != BN_OK) {
      return status;
    }
  }
  return BN_OK;
}
