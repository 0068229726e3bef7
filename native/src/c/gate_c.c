#include "common/float_math.h"
#include "common/kernels.h"

static float activated(int32_t activation, float x) {
  switch (activation) {
    case BN_ACT_RELU2:
      return bn_relu_squared(x);
    case BN_ACT_SILU:
      return bn_silu(x);
    default:
      return bn_gelu(x);
  }
}

int32_t bn_gate_c(int32_t activation, const bn_rows* gate, const bn_rows* up, int32_t begin,
                  int32_t end) {
  if (activation < BN_ACT_RELU2 || activation > BN_ACT_GELU) {
    return BN_UNSUPPORTED;
  }
  for (int32_t r = begin; r < end; r++) {
    float* g = bn_row(gate, r);
    const float* u = bn_row(up, r);
    for (int32_t i = 0; i < gate->columns; i++) {
      g[i] = activated(activation, g[i]) * u[i];
    }
  }
  return BN_OK;
}
