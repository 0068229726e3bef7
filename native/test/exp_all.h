/* exp of n floats by a tier, n a multiple of 16: compiled with the tier's options, for test_exp. */
#ifndef BITNET_EXP_ALL_H
#define BITNET_EXP_ALL_H

typedef void exp_all_fn(const float* x, float* y, int n);

exp_all_fn exp_all_avx2, exp_all_avx512, exp_all_neon;

#endif
