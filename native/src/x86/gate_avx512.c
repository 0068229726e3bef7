#include "common/kernels.h"
#include "lanes_avx512.h"

/* gate = max(gate, 0)^2 * up in the first n of 16 elements. */
static inline void gate_relu2(float* gate, const float* up, int64_t n) {
  bn_store16(gate, _mm512_mul_ps(bn_relu_squared16(bn_load16(gate, n)), bn_load16(up, n)), n);
}

/* gate = silu(gate) * up in the first n of 16 elements. */
static inline void gate_silu(float* gate, const float* up, int64_t n) {
  bn_store16(gate, _mm512_mul_ps(bn_silu16(bn_load16(gate, n)), bn_load16(up, n)), n);
}

static void gate_row_relu2(float* gate, const float* up, int64_t n) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    gate_relu2(gate + i, up + i, 16);
  }
  if (i < n) {
    gate_relu2(gate + i, up + i, n - i);
  }
}

static void gate_row_silu(float* gate, const float* up, int64_t n) {
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    gate_silu(gate + i, up + i, 16);
  }
  if (i < n) {
    gate_silu(gate + i, up + i, n - i);
  }
}

int32_t bn_gate_avx512(int32_t activation, const bn_rows* gate, const bn_rows* up, int32_t begin,
                       int32_t end) {
  if (activation != BN_ACT_RELU2 && activation != BN_ACT_SILU) {
    return BN_UNSUPPORTED;
  }
  for (int32_t r = begin; r < end; r++) {
    if (activation == BN_ACT_RELU2) {
      gate_row_relu2(bn_row(gate, r), bn_row(up, r), gate->columns);
    } else {
      gate_row_silu(bn_row(gate, r), bn_row(up, r), gate->columns);
    }
  }
  return BN_OK;
}
