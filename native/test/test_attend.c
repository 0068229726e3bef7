#include <math.h>

#include "common/float_math.h"
#include "testing.h"

#define SEQUENCES 2
#define MOST_BLOCKS 4 /* of a sequence */
#define MOST_ROWS 12

/* Where the blocks of the sequences lie: in any order. */
typedef struct tables {
  int32_t blocks[SEQUENCES][MOST_BLOCKS];
  int32_t each; /* of a sequence */
} tables;

static tables new_tables(rng* r, int32_t positions) {
  tables t = {.each = (positions + BN_ATTENTION_CHUNK - 1) / BN_ATTENTION_CHUNK};
  const int32_t all = SEQUENCES * t.each;
  int32_t order[SEQUENCES * MOST_BLOCKS];
  for (int32_t i = 0; i < all; i++) {
    const int32_t j = random_below(r, i + 1);
    order[i] = order[j];
    order[j] = i;
  }
  for (int32_t i = 0; i < all; i++) {
    t.blocks[i / t.each][i % t.each] = order[i];
  }
  return t;
}

/* Keys or values for used positions, then NaN, where nothing may be used. */
static uint16_t* new_cache(rng* r, place where, data kind, const bn_attention* layer,
                           const tables* t, int32_t used) {
  const int64_t n = SEQUENCES * t->each * layer->block_stride;
  const size_t element = layer->type == BN_TYPE_F16 ? sizeof(uint16_t) : sizeof(float);
  uint16_t* cache = guarded(where, element * (size_t)n);
  for (int32_t s = 0; s < SEQUENCES; s++) {
    for (int32_t p = 0; p < t->each * BN_ATTENTION_CHUNK; p++) {
      for (int32_t h = 0; h < layer->kv_heads; h++) {
        const int64_t at = t->blocks[s][p / BN_ATTENTION_CHUNK] * layer->block_stride +
                           (h * BN_ATTENTION_CHUNK + p % BN_ATTENTION_CHUNK) * layer->head_dim;
        for (int64_t i = at; i < at + layer->head_dim; i++) {
          float x = NAN;
          if (p < used) {
            fill(r, kind, &x, 1);
          }
          if (layer->type == BN_TYPE_F16) {
            cache[i] = bn_to_half(x);
          } else {
            ((float*)(void*)cache)[i] = x;
          }
        }
      }
    }
  }
  seal(cache);
  return cache;
}

typedef struct attend_shape {
  int32_t type;
  int32_t head_dim;
  int32_t kv_heads;
  int32_t group;
  int32_t last;   /* the highest position */
  int32_t prompt; /* rows of a prompt before it; 0: three rows of two sequences */
  data kind;
  float scale;
} attend_shape;

/* Attention by parts and their merge, of items [0, middle) after the others. */
static void attend_in_parts(test_case* c, int32_t tier, place where, const bn_attention* layer,
                            const bn_batch* batch, const bn_rows* queries, const bn_rows* out,
                            uint64_t seed) {
  int32_t first[MOST_ROWS];
  int32_t row_of[MOST_ROWS * MOST_BLOCKS];
  int32_t count = 0;
  for (int32_t row = 0; row < queries->capacity; row++) {
    first[row] = count;
    for (int32_t p = 0; p <= batch->positions[row]; p += BN_ATTENTION_CHUNK) {
      row_of[count++] = row;
    }
  }
  const int64_t head_stride = layer->head_dim + 2 + (int64_t)(seed % 3);
  bn_rows room = new_rows(where, count, (int32_t)(head_stride * layer->query_heads), 0);
  const bn_parts parts = {.data = room.data,
                          .stride = room.stride,
                          .head_stride = head_stride,
                          .first = first,
                          .rows = row_of};
  rng r = {seed};
  const int32_t items = count * layer->kv_heads;
  const int32_t middle = random_below(&r, items);
  same_int(c, "status", 0, BN_OK,
           bn_attend_parts(tier, layer, batch, queries, &parts, middle, items));
  same_int(c, "status", 0, BN_OK, bn_attend_parts(tier, layer, batch, queries, &parts, 0, middle));
  const int32_t heads = queries->capacity * layer->query_heads;
  const int32_t half = random_below(&r, heads);
  same_int(c, "status", 0, BN_OK, bn_merge_parts(tier, layer, batch, &parts, out, half, heads));
  same_int(c, "status", 0, BN_OK, bn_merge_parts(tier, layer, batch, &parts, out, 0, half));
}

static tier_list all;

static bool has_own(const bn_kernels* tier) {
  return tier->attend != NULL || tier->attend_parts != NULL || tier->merge_parts != NULL;
}

/* Every tier against tier C, which is the first. */
static void check(place where, attend_shape s, uint64_t seed) {
  test_case c = {.seed = seed};
  rng r = {seed};
  const int32_t rows = s.prompt > 0 ? s.prompt : 3;
  const tables t = new_tables(&r, s.last + 1);
  bn_attention layer = {.block_stride = (int64_t)s.kv_heads * BN_ATTENTION_CHUNK * s.head_dim,
                        .query_heads = s.kv_heads * s.group,
                        .kv_heads = s.kv_heads,
                        .head_dim = s.head_dim,
                        .scale = s.scale,
                        .type = s.type};
  layer.keys = new_cache(&r, where, s.kind, &layer, &t, s.last + 1);
  layer.values = new_cache(&r, where, s.kind, &layer, &t, s.last + 1);
  const int32_t* blocks[MOST_ROWS] = {t.blocks[0], t.blocks[1], t.blocks[1]};
  int32_t at_position[MOST_ROWS] = {random_below(&r, s.last + 1), s.last / 2, s.last};
  for (int32_t i = 0; i < s.prompt; i++) { /* and then one row of another, or one that falls back */
    const int32_t position = s.last - s.prompt + 2 + i;
    blocks[i] = t.blocks[i + 1 < s.prompt || seed % 2 == 0];
    at_position[i] = i + 1 < s.prompt && position > 0 ? position : 0;
  }
  const bn_batch batch = {.blocks = blocks, .positions = at_position};
  bn_rows queries = new_rows(where, rows, layer.query_heads * s.head_dim, 16);
  fill_rows(&r, s.kind, &queries);
  seal(queries.data);
  const bn_rows expected = new_rows(where, rows, layer.query_heads * s.head_dim, 0);
  bn_rows actual[BN_TIER_COUNT];
  for (int t = 1; t < all.count; t++) {
    actual[t] = copy_rows(where, &expected);
  }
  actual[0] = expected;
  const bn_rows unmerged = copy_rows(where, &expected);
  const int32_t items = rows * s.kv_heads;
  const int32_t begin = random_below(&r, items);
  const int32_t ranges[][2] = {{begin, items}, {0, begin}};
  for (int i = 0; i < 2; i++) {
    describe(
        &c,
        "type %d, items [%d, %d), %d x %d heads of %d, position %d, prompt %d, data %s, scale %g, "
        "place %d",
        s.type, ranges[i][0], ranges[i][1], s.kv_heads, s.group, s.head_dim, s.last, s.prompt,
        data_name(s.kind), (double)s.scale, where);
    for (int t = 0; t < all.count; t++) {
      set_tier(&c, "attend", all.tiers[t]);
      same_int(&c, "status", 0, BN_OK,
               bn_attend(c.tier, &layer, &batch, &queries, &actual[t], ranges[i][0], ranges[i][1]));
      same_rows(&c, &expected, &actual[t]);
    }
  }
  for (int t = 0; t < all.count; t++) {
    set_tier(&c, "attend_parts, merge_parts", all.tiers[t]);
    const bn_rows merged = copy_rows(where, &unmerged);
    attend_in_parts(&c, c.tier, where, &layer, &batch, &queries, &merged, seed);
    same_rows(&c, &expected, &merged);
  }
  release_blocks();
}

static void check_types(attend_shape s, uint64_t seed) {
  s.type = BN_TYPE_F16;
  check((place)(seed % PLACES), s, seed);
  s.type = BN_TYPE_F32;
  check((place)(seed % PLACES), s, seed);
}

int main(void) {
  static const int32_t around_chunks[] = {0,   1,   2,   14,  15,  16,  17,  31, 32,
                                          254, 255, 256, 257, 511, 512, 513, 700};
  static const int32_t large[] = {80, 96, 100, 128, 256, BN_MAX_HEAD_DIM};
  all = list_tiers("attend", has_own);
  uint64_t seed = 1;
  for (int32_t head_dim = 1; head_dim <= SMALL_COLUMNS; head_dim += small_step()) {
    for (data kind = 0; kind < DATA_KINDS; kind++) {
      const attend_shape s = {.head_dim = head_dim,
                              .kv_heads = 1 + (int32_t)(seed % 3),
                              .group = 1 + (int32_t)(seed % 5),
                              .last = (int32_t)(seed % 40),
                              .kind = kind,
                              .scale = 1.0f / sqrtf((float)head_dim)};
      check_types(s, seed);
      seed++;
    }
  }
  for (int32_t last = 0; last <= SMALL_COLUMNS; last += small_step()) {
    const attend_shape s = {
        .head_dim = 16, .kv_heads = 2, .group = 4, .last = last, .kind = DATA_UNIT, .scale = 8.0f};
    check_types(s, seed);
    seed++;
  }
  /* Every size of group through all divisions of it, over more than a chunk. */
  for (int32_t group = 1; group <= 20; group++) {
    const attend_shape s = {.head_dim = 40,
                            .kv_heads = 2,
                            .group = group,
                            .last = 270,
                            .kind = DATA_UNIT,
                            .scale = 2.0f};
    check_types(s, seed);
    seed++;
  }
  for (int p = 0; p < 17; p++) {
    for (int i = 0; i < 6; i++) {
      /* A large scale makes weights vanish and one chunk outweigh another. */
      const attend_shape s = {.head_dim = large[i],
                              .kv_heads = 1 + (int32_t)(seed % 2),
                              .group = 1 + (int32_t)(seed % 4),
                              .last = around_chunks[p],
                              .kind = seed % 3 == 0 ? DATA_SMALL : DATA_UNIT,
                              .scale = seed % 2 == 0 ? 0.125f : 20.0f};
      check_types(s, seed);
      seed++;
    }
  }
  /* Rows of a prompt, which may go through the cache together, up to and across a chunk's end. */
  for (int32_t group = 1; group <= 9; group++) {
    for (int32_t last = 6; last < 300; last += last == 6 ? 249 : 5) {
      const attend_shape s = {.head_dim = group % 2 == 0 ? 32 : 41,
                              .kv_heads = 2,
                              .group = group,
                              .last = last,
                              .prompt = MOST_ROWS - group,
                              .kind = (data)(seed % DATA_KINDS),
                              .scale = 0.5f};
      check_types(s, seed);
      seed++;
    }
  }
  return 0;
}
