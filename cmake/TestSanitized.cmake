# cmake -DBUILD=<directory> -DCOMPILER=<program> -P cmake/TestSanitized.cmake
# Builds the C tests with AddressSanitizer and UndefinedBehaviorSanitizer and runs them. Says so where
# the compiler lacks the libraries for it.
cmake_minimum_required(VERSION 3.20)
include("${CMAKE_CURRENT_LIST_DIR}/NestedBuild.cmake")

file(WRITE "${BUILD}/sanitizers.c" "int main(void) { return 0; }\n")
execute_process(
  COMMAND "${COMPILER}" -fsanitize=address,undefined "${BUILD}/sanitizers.c" -o "${BUILD}/sanitizers"
  RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
if(NOT status EQUAL 0)
  message("SKIPPED: the C tests do not run under the sanitizers, for want of their libraries "
    "(Debian, Ubuntu: apt-get install libclang-rt-19-dev, of the version that clang has).")
  return()
endif()
bn_build(all -DBN_SANITIZE=ON "-DCMAKE_C_COMPILER=${COMPILER}")
bn_test()
