/* The row operations of tier NEON. */
#include "lanes_neon.h"
#include "matrix_elements_neon.h"

#define BN_KERNEL(op) bn_##op##_neon
#include "common/row_operations.h"
