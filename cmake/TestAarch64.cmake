# cmake -DBUILD=<directory> -P cmake/TestAarch64.cmake
# Builds the library and its C tests for 64-bit ARM Linux and runs them under qemu-user, on CPUs with
# and without the instructions of the tiers DOTPROD and I8MM. Says so where the tools are missing.
cmake_minimum_required(VERSION 3.20)
include("${CMAKE_CURRENT_LIST_DIR}/NestedBuild.cmake")

find_program(compiler NAMES aarch64-linux-gnu-gcc NO_CACHE)
find_program(qemu NAMES qemu-aarch64-static qemu-aarch64 NO_CACHE)
if(NOT compiler OR NOT qemu OR NOT EXISTS "/usr/aarch64-linux-gnu/lib")
  message("SKIPPED: the ARM kernels are not tested, for want of a cross compiler and qemu-user "
    "(Debian, Ubuntu: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static).")
  return()
endif()
bn_build(all --toolchain "${CMAKE_CURRENT_LIST_DIR}/aarch64-linux-gnu.cmake")
bn_test()
