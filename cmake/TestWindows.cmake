# cmake -DBUILD=<directory> -P cmake/TestWindows.cmake
# Builds the library, not its tests, for 64-bit Windows, and runs nothing: this shows that the code
# compiles and links there. Says so where there is no cross compiler.
cmake_minimum_required(VERSION 3.20)
include("${CMAKE_CURRENT_LIST_DIR}/NestedBuild.cmake")

find_program(compiler NAMES x86_64-w64-mingw32-gcc NO_CACHE)
if(NOT compiler)
  message("SKIPPED: the library is not built for Windows, for want of a cross compiler "
    "(Debian, Ubuntu: apt-get install gcc-mingw-w64-x86-64-win32).")
  return()
endif()
bn_build(bitnet --toolchain "${CMAKE_CURRENT_LIST_DIR}/x86_64-w64-mingw32.cmake")
if(NOT EXISTS "${BUILD}/bitnet.dll")
  message(FATAL_ERROR "There is no ${BUILD}/bitnet.dll.")
endif()
