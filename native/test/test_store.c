#include <string.h>

#include "common/float_math.h"
#include "testing.h"

/* Floats that round to float16 in every way: ties, near ties, overflow, subnormals. */
static void fill_around_halves(rng* r, const bn_rows* x) {
  for (int32_t row = 0; row < x->capacity; row++) {
    for (int32_t i = 0; i < x->columns; i++) {
      uint32_t bits = bn_bits_of(bn_from_half((uint16_t)next_random(r)));
      bits += 0x1000u + (uint32_t)random_below(r, 3) - 1; /* half a normal step, and beside it */
      x->data[row * x->stride + i] = bn_float_of(bits);
    }
  }
}

static bool is_nan(int32_t type, const uint16_t* cache, int64_t i) {
  if (type == BN_TYPE_F16) {
    return (cache[i] & 0x7fff) > 0x7c00;
  }
  const float x = ((const float*)(const void*)cache)[i];
  return x != x;
}

static uint32_t bits_at(int32_t type, const uint16_t* cache, int64_t i) {
  return type == BN_TYPE_F16 ? cache[i] : bn_bits_of(((const float*)(const void*)cache)[i]);
}

static void same_cache(const test_case* c, const char* what, int32_t type, const uint16_t* expected,
                       const uint16_t* actual, int64_t n) {
  const size_t element = type == BN_TYPE_F16 ? sizeof(uint16_t) : sizeof(float);
  if (memcmp(expected, actual, element * (size_t)n) == 0) {
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    if (!is_nan(type, expected, i) || !is_nan(type, actual, i)) {
      same_int(c, what, i, bits_at(type, expected, i), bits_at(type, actual, i));
    }
  }
}

/* kind DATA_KINDS: values around those of float16. */
static void check(int32_t tier, place where, int32_t type, int32_t head_dim, int32_t heads,
                  int kind, uint64_t seed) {
  const int32_t rows = 3;
  const int32_t begin = (int32_t)(seed % 2);
  const int32_t last = BN_ATTENTION_CHUNK - 1;
  test_case c = {.op = "store", .tier = tier, .seed = seed};
  describe(&c, "type %d, rows [%d, %d), %d heads of %d, data %s, place %d", type, begin, rows,
           heads, head_dim, kind == DATA_KINDS ? "around float16" : data_name((data)kind), where);
  rng r = {seed};
  bn_rows keys = new_rows(where, rows, heads * head_dim, 16 * (int32_t)(seed % 3));
  bn_rows values = new_rows(where, rows, heads * head_dim, 0);
  if (kind == DATA_KINDS) {
    fill_around_halves(&r, &keys);
    fill_around_halves(&r, &values);
  } else {
    fill_rows(&r, (data)kind, &keys);
    fill_rows(&r, (data)kind, &values);
  }
  seal(keys.data);
  seal(values.data);
  /* The very last vector of the cache is among those stored: position last of block 1. */
  const int32_t table[2][2] = {{0, 0}, {0, 1}};
  const int32_t* const blocks[] = {table[0], table[0], table[1]};
  const int32_t at_position[] = {1, last, last + 1 + last};
  const bn_batch batch = {.blocks = blocks, .positions = at_position};
  const size_t element = type == BN_TYPE_F16 ? sizeof(uint16_t) : sizeof(float);
  const int64_t n = (int64_t)2 * heads * BN_ATTENTION_CHUNK * head_dim;
  bn_attention layer = {.block_stride = (int64_t)heads * BN_ATTENTION_CHUNK * head_dim,
                        .query_heads = heads,
                        .kv_heads = heads,
                        .head_dim = head_dim,
                        .scale = 1.0f,
                        .type = type};
  bn_attention expected = layer;
  uint16_t** caches[] = {&layer.keys, &layer.values, &expected.keys, &expected.values};
  for (int i = 0; i < 4; i++) {
    *caches[i] = guarded(where, element * (size_t)n);
    memset(*caches[i], 0x5a, element * (size_t)n);
  }
  same_int(&c, "status", 0, BN_OK,
           bn_store(BN_TIER_C, &expected, &batch, &keys, &values, begin, rows));
  same_int(&c, "status", 0, BN_OK, bn_store(tier, &layer, &batch, &keys, &values, begin, rows));
  same_cache(&c, "key", type, expected.keys, layer.keys, n);
  same_cache(&c, "value", type, expected.values, layer.values, n);
  release_blocks();
}

int main(void) {
  static const int32_t large[] = {80, 96, 100, 128, 256};
  for (int32_t tier = -1; next_tier("store", &tier);) {
    uint64_t seed = 1;
    for (int32_t head_dim = 1; head_dim <= SMALL_COLUMNS + 5; head_dim++) {
      if (head_dim <= SMALL_COLUMNS && (head_dim - 1) % small_step() != 0) {
        continue;
      }
      const int32_t dim =
          head_dim <= SMALL_COLUMNS ? head_dim : large[head_dim - SMALL_COLUMNS - 1];
      for (int kind = 0; kind <= DATA_KINDS; kind++) {
        for (place where = 0; where < PLACES; where++) {
          if (dim > SMALL_COLUMNS && where != (place)(kind % PLACES)) {
            continue; /* large caches take long */
          }
          check(tier, where, BN_TYPE_F16, dim, 1 + (int32_t)(seed % 3), kind, seed);
          check(tier, where, BN_TYPE_F32, dim, 1 + (int32_t)(seed % 3), kind, seed);
          seed++;
        }
      }
    }
  }
  return 0;
}
