#include "common/kernels.h"

int32_t bn_rotate_c(const bn_rope* rope, const bn_batch* batch, const bn_rows* x, int32_t begin,
                    int32_t end) {
  if (rope->style != BN_ROPE_HALVES && rope->style != BN_ROPE_ADJACENT) {
    return BN_UNSUPPORTED;
  }
  const int32_t step = rope->style == BN_ROPE_HALVES ? 1 : 2;            /* pair to pair */
  const int32_t apart = rope->style == BN_ROPE_HALVES ? rope->pairs : 1; /* inside a pair */
  for (int32_t r = begin; r < end; r++) {
    const float* cosines = rope->cosines + (int64_t)batch->positions[r] * rope->pairs;
    const float* sines = rope->sines + (int64_t)batch->positions[r] * rope->pairs;
    float* row = bn_row(x, r);
    for (int32_t head = 0; head < x->columns; head += rope->head_dim) {
      for (int32_t i = 0; i < rope->pairs; i++) {
        float* first = row + head + step * i;
        float* second = first + apart;
        float a = *first;
        float b = *second;
        *first = a * cosines[i] - b * sines[i];
        *second = a * sines[i] + b * cosines[i];
      }
    }
  }
  return BN_OK;
}
