/*
 * What the kernel tests share: guarded memory, seeded data, the list of tiers and comparison to the
 * last bit. A failed comparison prints its case and ends the program with status 1.
 */
#ifndef BITNET_TESTING_H
#define BITNET_TESTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bitnet.h"
#include "common/kernels.h"

/* What a failure prints. The seed is the one the case's random numbers were started from. */
typedef struct test_case {
  const char* op;
  int32_t tier;
  uint64_t seed;
  char shape[160];
} test_case;

/* Sets the shape by a printf format, and makes the case the one that a signal reports. */
void describe(test_case* c, const char* format, ...) __attribute__((format(printf, 2, 3)));

/* Reports the case and ends the program. */
_Noreturn void fail(const test_case* c, const char* format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * The next tier after *tier that this machine can run, from -1 on; false after the last. Prints the
 * tiers that it passes over and why.
 */
bool next_tier(const char* op, int32_t* tier);

typedef struct tier_list {
  int32_t tiers[BN_TIER_COUNT];
  int count;
} tier_list;

/* Whether a tier has, of the kernels that a test is of, one that is not its base's. */
typedef bool has_own_fn(const bn_kernels* tier);

/*
 * The tiers of next_tier, for tests that share a case's data and what is expected among them, but
 * without those that have no kernel of their own: with their base's they would be that tier again.
 */
tier_list list_tiers(const char* op, has_own_fn* has_own);

/* Makes a case that is described that of an operation and a tier, in a signal's message too. */
void set_tier(test_case* c, const char* op, int32_t tier);

/* --- Memory: every block ends at, or starts after, a page that cannot be touched. --- */

typedef enum place { FLUSH_START, FLUSH_END, PLACES } place;

/* A block; it starts at a page, or ends at one. */
void* guarded(place where, size_t bytes);

/* Makes a block read-only. Its page must not hold what the test still writes: it holds nothing
 * else. */
void seal(const void* block);

/* Gives all blocks back. */
void release_blocks(void);

/* What fills padding: a signalling NaN, which arithmetic cannot return. */
#define SENTINEL 0x7fadbeefu

/*
 * Rows as the ABI lays them out, wide floats apart beyond the padding to 64 bytes (a multiple of
 * 16). The last row ends with its padding. Everything holds SENTINEL.
 */
bn_rows new_rows(place where, int32_t rows, int32_t columns, int32_t wide);

/* A copy in a block of its own. */
bn_rows copy_rows(place where, const bn_rows* from);

/* Copies columns [begin, end) of all rows, from and to rows of the same shape. */
void copy_columns(const bn_rows* from, const bn_rows* to, int32_t begin, int32_t end);

/* Fails unless all elements are the same (any two NaN are) and all padding is intact. */
void same_rows(const test_case* c, const bn_rows* expected, const bn_rows* actual);

/* Fails unless the integers are equal. */
void same_int(const test_case* c, const char* what, int64_t index, int64_t expected,
              int64_t actual);

/* --- Data --- */

typedef struct rng {
  uint64_t state;
} rng;

uint64_t next_random(rng* r);
/* In [0, n). */
int32_t random_below(rng* r, int32_t n);
/* In [-1, 1). */
float random_unit(rng* r);

typedef enum data {
  DATA_UNIT,        /* [-1, 1) */
  DATA_ZERO,        /* +0 */
  DATA_SIGNED_ZERO, /* +0 and -0 */
  DATA_SUBNORMAL,
  DATA_TIES,  /* k + 1/2 with a largest of 127: quantized by 1 */
  DATA_TINY,  /* about 1e-30: squares vanish, products underflow */
  DATA_SMALL, /* about 1e-5: around the smallest scale */
  DATA_HUGE,  /* about 1e38: squares overflow */
  DATA_WIDE,  /* any finite bit pattern */
  DATA_FINITE_KINDS,
  DATA_ANY = DATA_FINITE_KINDS, /* any bit pattern, NaN and infinities often among them */
  DATA_KINDS
} data;

const char* data_name(data kind);
void fill(rng* r, data kind, float* x, int64_t n);
void fill_rows(rng* r, data kind, const bn_rows* x);
void fill_bytes(rng* r, void* bytes, size_t n);

/* Row lengths of real models and awkward ones, beyond the exhaustive 1..SMALL_COLUMNS. */
#define SMALL_COLUMNS 70
extern const int32_t large_columns[];
extern const int large_columns_count;

/*
 * Row length number i of both lists; 0 after the last. Where tests run slowly and the same kernels
 * are tested at speed too, BITNET_TEST_LONGEST names the longest row, unless there is a
 * BITNET_TEST_ALL.
 */
int32_t columns_at(int i);

/*
 * The step from one small size to the next: 1, or what BITNET_TEST_STEP says where tests run
 * slowly, under emulation and sanitizers, unless there is a BITNET_TEST_ALL. 3 still meets every
 * remainder of a division by 2, 4, 8 and 16.
 */
int32_t small_step(void);

/* --- Matrices in a file's own format --- */

extern const int32_t matrix_types[];
#define MATRIX_TYPES 9

/* Elements that one block of the type holds, and its bytes. */
int32_t block_columns(int32_t type);
int32_t block_bytes(int32_t type);

/* A matrix without slack, of any bytes at all or of finite weights. Sealed. */
bn_matrix new_matrix(rng* r, place where, int32_t type, int32_t rows, int32_t columns, bool finite);

#endif
