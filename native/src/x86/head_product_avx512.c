#include "matrix_elements_avx512.h"

#define ROWS 4
#define TOKENS 6
#define BN_KERNEL(op) bn_##op##_avx512
#include "head_product.h"
