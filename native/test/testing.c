#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#else
#define _DEFAULT_SOURCE
#endif
#include "testing.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/float_math.h"

static const char* const tier_names[BN_TIER_COUNT] = {
    [BN_TIER_C] = "c",           [BN_TIER_AVX2] = "avx2", [BN_TIER_AVXVNNI] = "avxvnni",
    [BN_TIER_AVX512] = "avx512", [BN_TIER_NEON] = "neon", [BN_TIER_DOTPROD] = "dotprod",
    [BN_TIER_I8MM] = "i8mm",     [BN_TIER_AMX] = "amx",   [BN_TIER_AVX512VBMI] = "avx512vbmi"};

/* The case that is running, for a signal's message. */
static test_case running;

void describe(test_case* c, const char* format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(c->shape, sizeof c->shape, format, args);
  va_end(args);
  running = *c;
}

/* Says which case touched a page it must not, then lets the signal end the program. */
static void on_signal(int number) {
  char line[320];
  const int n =
      snprintf(line, sizeof line, "FAILED %s, tier %s, %s, seed %llu: signal %d%s\n", running.op,
               tier_names[running.tier], running.shape, (unsigned long long)running.seed, number,
               number == SIGILL ? ", an instruction this machine lacks"
                                : ", memory outside of what the kernel may touch");
  if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0) {
    _exit(1);
  }
}

static void catch_signals(void) {
  struct sigaction action = {.sa_flags = SA_RESETHAND};
  action.sa_handler = on_signal;
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  sigaction(SIGILL, &action, NULL);
}

void fail(const test_case* c, const char* format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "FAILED %s, tier %s, %s, seed %llu: ", c->op, tier_names[c->tier], c->shape,
          (unsigned long long)c->seed);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  exit(1);
}

void set_tier(test_case* c, const char* op, int32_t tier) {
  c->op = op;
  c->tier = tier;
  running = *c;
}

bool next_tier(const char* op, int32_t* tier) {
  catch_signals();
  while (++*tier < BN_TIER_COUNT) {
    if (bn_supported_tiers() >> *tier & 1) {
      printf("%s: tier %s\n", op, tier_names[*tier]);
      fflush(stdout);
      return true;
    }
    printf("%s: skipped tier %s: %s\n", op, tier_names[*tier],
           bn_compiled_tiers() >> *tier & 1 ? "this machine cannot run it" : "not compiled in");
  }
  return false;
}

tier_list list_tiers(const char* op, has_own_fn* has_own) {
  tier_list list = {.count = 0};
  for (int32_t tier = -1; next_tier(op, &tier);) {
    if (has_own(bn_tiers[tier])) {
      list.tiers[list.count++] = tier;
    } else {
      printf("%s: tier %s has the kernels of another\n", op, tier_names[tier]);
    }
  }
  return list;
}

#define MOST_BLOCKS 512

/* Blocks in use: where their mapping starts and where their pages that can be touched do. */
typedef struct block {
  uint8_t* mapping;
  uint8_t* pages;
  size_t mapped;
} block;

static block blocks[MOST_BLOCKS];
static int block_count;

/* Released blocks, for the next of their size: pages can be slow to come. */
static block spares[64];
static int spare_count;

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

static void require(bool condition, const char* sentence) {
  if (!condition) {
    fprintf(stderr, "The test cannot run: %s.\n", sentence);
    exit(1);
  }
}

/* A block of that many bytes between guard pages, all zero. */
static block new_block(size_t pages) {
  const size_t page = page_size();
  const size_t mapped = pages + 2 * page;
  for (int i = 0; i < spare_count; i++) {
    if (spares[i].mapped == mapped) {
      const block b = spares[i];
      spares[i] = spares[--spare_count];
      require(pages == 0 || mprotect(b.pages, pages, PROT_READ | PROT_WRITE) == 0,
              "mprotect failed");
      memset(b.pages, 0, pages);
      return b;
    }
  }
  block b = {.mapped = mapped};
  b.mapping = mmap(NULL, b.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  require(b.mapping != MAP_FAILED, "mmap failed");
  b.pages = b.mapping + page;
  require(pages == 0 || mprotect(b.pages, pages, PROT_READ | PROT_WRITE) == 0, "mprotect failed");
#ifdef MADV_POPULATE_WRITE
  madvise(b.pages, pages, MADV_POPULATE_WRITE);
#endif
  return b;
}

void* guarded(place where, size_t bytes) {
  const size_t page = page_size();
  const size_t pages = (bytes + page - 1) / page * page;
  require(block_count < MOST_BLOCKS, "it holds too many blocks");
  const block b = new_block(pages);
  blocks[block_count++] = b;
  return where == FLUSH_START ? b.pages : b.pages + pages - bytes;
}

void seal(const void* p) {
  const uint8_t* at = p;
  const size_t page = page_size();
  for (int i = 0; i < block_count; i++) {
    const block* b = &blocks[i];
    if (at >= b->mapping && at < b->mapping + b->mapped) {
      const size_t pages = b->mapped - 2 * page; /* none: qemu refuses to protect nothing */
      require(pages == 0 || mprotect(b->pages, pages, PROT_READ) == 0, "mprotect failed");
      return;
    }
  }
  require(false, "a block to seal is not one");
}

void release_blocks(void) {
  while (block_count > 0) {
    const block b = blocks[--block_count];
    if (spare_count < 64) {
      spares[spare_count++] = b;
    } else {
      munmap(b.mapping, b.mapped);
    }
  }
}

static int32_t padded(int32_t columns) { return (columns + 15) / 16 * 16; }

/* Floats from the start of the first row to the end of the last one's padding. */
static int64_t extent(const bn_rows* x) {
  return x->capacity == 0 ? 0 : (x->capacity - 1) * x->stride + padded(x->columns);
}

bn_rows new_rows(place where, int32_t rows, int32_t columns, int32_t wide) {
  bn_rows x = {.stride = padded(columns) + wide, .columns = columns, .capacity = rows};
  x.data = guarded(where, sizeof(float) * (size_t)extent(&x));
  for (int64_t i = 0; i < extent(&x); i++) {
    x.data[i] = bn_float_of(SENTINEL);
  }
  return x;
}

bn_rows copy_rows(place where, const bn_rows* from) {
  bn_rows x = *from;
  x.data = guarded(where, sizeof(float) * (size_t)extent(&x));
  memcpy(x.data, from->data, sizeof(float) * (size_t)extent(&x));
  return x;
}

void copy_columns(const bn_rows* from, const bn_rows* to, int32_t begin, int32_t end) {
  for (int32_t row = 0; begin < end && row < from->capacity; row++) {
    memcpy(bn_row(to, row) + begin, bn_row(from, row) + begin,
           sizeof(float) * (size_t)(end - begin));
  }
}

/* Fails unless elements [column, end) of a row, its padding, hold SENTINEL. */
static void padding_is_intact(const test_case* c, const bn_rows* x, int64_t row, int64_t column,
                              int64_t end) {
  const float* of = x->data + row * x->stride;
  for (; column < end; column++) {
    if (bn_bits_of(of[column]) != SENTINEL) {
      fail(c, "row %lld, column %lld: padding was written (%08x)", (long long)row,
           (long long)column, bn_bits_of(of[column]));
    }
  }
}

void same_rows(const test_case* c, const bn_rows* expected, const bn_rows* actual) {
  for (int64_t row = 0; row < expected->capacity; row++) {
    const float* e = expected->data + row * expected->stride;
    const float* a = actual->data + row * actual->stride;
    const bool same = memcmp(e, a, sizeof(float) * (size_t)expected->columns) == 0;
    for (int64_t i = 0; !same && i < expected->columns; i++) {
      if (bn_bits_of(e[i]) != bn_bits_of(a[i]) && (e[i] == e[i] || a[i] == a[i])) {
        fail(c, "row %lld, column %lld: %a (%08x) instead of %a (%08x)", (long long)row,
             (long long)i, (double)a[i], bn_bits_of(a[i]), (double)e[i], bn_bits_of(e[i]));
      }
    }
    const int64_t end = row + 1 < expected->capacity ? expected->stride : padded(expected->columns);
    padding_is_intact(c, expected, row, expected->columns, end);
    padding_is_intact(c, actual, row, actual->columns, end);
  }
}

void same_int(const test_case* c, const char* what, int64_t index, int64_t expected,
              int64_t actual) {
  if (expected != actual) {
    fail(c, "%s %lld: %lld instead of %lld", what, (long long)index, (long long)actual,
         (long long)expected);
  }
}

/* SplitMix64 (Steele, Lea and Flood, 2014). */
uint64_t next_random(rng* r) {
  uint64_t z = r->state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

int32_t random_below(rng* r, int32_t n) { return (int32_t)(next_random(r) % (uint64_t)n); }

float random_unit(rng* r) {
  return (float)((int32_t)(next_random(r) >> 40) - (1 << 23)) * 0x1p-23f;
}

const char* data_name(data kind) {
  static const char* const names[DATA_KINDS] = {[DATA_UNIT] = "unit",
                                                [DATA_ZERO] = "zero",
                                                [DATA_SIGNED_ZERO] = "signed zero",
                                                [DATA_SUBNORMAL] = "subnormal",
                                                [DATA_TIES] = "ties",
                                                [DATA_TINY] = "tiny",
                                                [DATA_SMALL] = "small",
                                                [DATA_HUGE] = "huge",
                                                [DATA_WIDE] = "wide",
                                                [DATA_ANY] = "any"};
  return names[kind];
}

static float one_of(rng* r, data kind) {
  const uint32_t bits = (uint32_t)next_random(r);
  switch (kind) {
    case DATA_UNIT:
      return random_unit(r);
    case DATA_ZERO:
      return 0.0f;
    case DATA_SIGNED_ZERO:
      return bn_float_of(bits & 0x80000000);
    case DATA_SUBNORMAL:
      return bn_float_of(bits & 0x807fffff);
    case DATA_TIES:
      return bits % 8 == 0 ? (bits & 256 ? 127.0f : -127.0f) : (float)random_below(r, 253) - 126.5f;
    case DATA_TINY:
      return random_unit(r) * 1e-30f;
    case DATA_SMALL:
      return random_unit(r) * 2e-5f;
    case DATA_HUGE:
      return random_unit(r) * 3e38f;
    case DATA_WIDE:
      return bn_float_of((bits & 0x7f800000) == 0x7f800000 ? bits ^ 0x40000000 : bits);
    default:
      return bn_float_of(bits % 16 == 0   ? bits | 0x7f800000
                         : bits % 16 == 1 ? (bits | 0x7f800000) & 0xff800000
                                          : bits);
  }
}

void fill(rng* r, data kind, float* x, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    x[i] = one_of(r, kind);
  }
}

void fill_rows(rng* r, data kind, const bn_rows* x) {
  for (int32_t row = 0; row < x->capacity; row++) {
    fill(r, kind, x->data + row * x->stride, x->columns);
  }
}

void fill_bytes(rng* r, void* bytes, size_t n) {
  for (size_t i = 0; i < n; i++) {
    ((uint8_t*)bytes)[i] = (uint8_t)next_random(r);
  }
}

const int32_t large_columns[] = {96,  100,  127,  128,  129,  256, 640,
                                 768, 1536, 2560, 3200, 6912, 8640};
const int large_columns_count = sizeof large_columns / sizeof large_columns[0];

int32_t small_step(void) {
  const char* step = getenv("BITNET_TEST_STEP");
  if (step == NULL || getenv("BITNET_TEST_ALL") != NULL) {
    return 1;
  }
  const long value = strtol(step, NULL, 10);
  if (value < 1 || value > SMALL_COLUMNS) {
    fprintf(stderr, "BITNET_TEST_STEP is '%s', but must be from 1 to %d.\n", step, SMALL_COLUMNS);
    exit(2);
  }
  return (int32_t)value;
}

/* The longest row that columns_at gives. */
static int32_t longest_row(void) {
  const char* longest = getenv("BITNET_TEST_LONGEST");
  if (longest == NULL || getenv("BITNET_TEST_ALL") != NULL) {
    return INT32_MAX;
  }
  const long value = strtol(longest, NULL, 10);
  if (value < SMALL_COLUMNS || value > INT32_MAX) {
    fprintf(stderr, "BITNET_TEST_LONGEST is '%s', but must be %d or more.\n", longest,
            SMALL_COLUMNS);
    exit(2);
  }
  return (int32_t)value;
}

int32_t columns_at(int i) {
  const int small = (SMALL_COLUMNS + small_step() - 1) / small_step();
  if (i < small) {
    return i * small_step() + 1;
  }
  i -= small;
  return i < large_columns_count && large_columns[i] <= longest_row() ? large_columns[i] : 0;
}

const int32_t matrix_types[MATRIX_TYPES] = {BN_TYPE_F32,    BN_TYPE_F16,  BN_TYPE_BF16,
                                            BN_TYPE_Q8_0,   BN_TYPE_Q6_K, BN_TYPE_Q4_0,
                                            BN_TYPE_IQ4_NL, BN_TYPE_Q4_K, BN_TYPE_Q5_K};

int32_t block_columns(int32_t type) {
  switch (type) {
    case BN_TYPE_Q8_0:
    case BN_TYPE_Q4_0:
    case BN_TYPE_IQ4_NL:
      return 32;
    case BN_TYPE_Q4_K:
    case BN_TYPE_Q5_K:
    case BN_TYPE_Q6_K:
      return 256;
    default:
      return 1;
  }
}

int32_t block_bytes(int32_t type) {
  switch (type) {
    case BN_TYPE_F32:
      return 4;
    case BN_TYPE_Q8_0:
      return 34;
    case BN_TYPE_Q4_0:
    case BN_TYPE_IQ4_NL:
      return 18;
    case BN_TYPE_Q4_K:
      return 144;
    case BN_TYPE_Q5_K:
      return 176;
    case BN_TYPE_Q6_K:
      return 210;
    default:
      return 2;
  }
}

/* Puts finite weights, or scales, about 1 in the place of one block's floats. */
static void make_finite(rng* r, int32_t type, uint8_t* block) {
  const float w = random_unit(r);
  const uint16_t half = bn_to_half(w);
  const uint16_t upper = (uint16_t)(bn_bits_of(w) >> 16);
  switch (type) {
    case BN_TYPE_F32:
      memcpy(block, &w, sizeof w);
      return;
    case BN_TYPE_F16:
    case BN_TYPE_Q8_0:
    case BN_TYPE_Q4_0:
    case BN_TYPE_IQ4_NL:
      memcpy(block, &half, sizeof half);
      return;
    case BN_TYPE_Q4_K:
    case BN_TYPE_Q5_K: {
      const uint16_t minimum = bn_to_half(random_unit(r));
      memcpy(block, &half, sizeof half);
      memcpy(block + 2, &minimum, sizeof minimum);
      return;
    }
    case BN_TYPE_BF16:
      memcpy(block, &upper, sizeof upper);
      return;
    default:
      memcpy(block + 208, &half, sizeof half);
  }
}

bn_matrix new_matrix(rng* r, place where, int32_t type, int32_t rows, int32_t columns,
                     bool finite) {
  const int64_t row_blocks = columns / block_columns(type);
  const int64_t row_bytes = row_blocks * block_bytes(type);
  const size_t bytes = (size_t)(row_bytes * rows);
  uint8_t* all = guarded(where, bytes);
  fill_bytes(r, all, bytes);
  if (finite) {
    for (int64_t b = 0; b < row_blocks * rows; b++) {
      make_finite(r, type, all + b * block_bytes(type));
    }
  }
  seal(all);
  return (bn_matrix){
      .data = all, .row_bytes = row_bytes, .rows = rows, .columns = columns, .type = type};
}
