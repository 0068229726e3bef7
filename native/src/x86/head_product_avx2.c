#include "matrix_elements_avx2.h"

#define ROWS 2
#define TOKENS 3
#define BN_KERNEL(op) bn_##op##_avx2
#include "head_product.h"
