/* The row operations of tier AVX2. */
#include "lanes_avx2.h"
#include "matrix_elements_avx2.h"

#define BN_KERNEL(op) bn_##op##_avx2
#include "common/row_operations.h"
