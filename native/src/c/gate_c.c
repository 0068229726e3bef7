#include "common/float_math.h"
#include "common/kernels.h"

int32_t bn_gate_c(int32_t activation, const bn_rows* gate, const bn_rows* up, int32_t begin,
                  int32_t end) {
  if (activation != BN_ACT_RELU2 && activation != BN_ACT_SILU) {
    return BN_UNSUPPORTED;
  }
  for (int32_t r = begin; r < end; r++) {
    float* g = bn_row(gate, r);
    const float* u = bn_row(up, r);
    for (int32_t i = 0; i < gate->columns; i++) {
      g[i] = (activation == BN_ACT_RELU2 ? bn_relu_squared(g[i]) : bn_silu(g[i])) * u[i];
    }
  }
  return BN_OK;
}
