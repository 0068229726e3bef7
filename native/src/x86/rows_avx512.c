/* The row operations of tier AVX-512. */
#include "lanes_avx512.h"
#include "matrix_elements_avx512.h"

#define BN_KERNEL(op) bn_##op##_avx512
#include "common/row_operations.h"
