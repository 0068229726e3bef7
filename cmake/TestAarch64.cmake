# cmake -DBUILD=<directory> -P cmake/TestAarch64.cmake
# Builds the library and its C tests for 64-bit ARM Linux and runs them under qemu-user, on CPUs with
# and without the instructions of the tiers DOTPROD and I8MM. Says so where the tools are missing.
cmake_minimum_required(VERSION 3.20)
get_filename_component(source "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
set(toolchain "${CMAKE_CURRENT_LIST_DIR}/aarch64-linux-gnu.cmake")

find_program(compiler NAMES aarch64-linux-gnu-gcc NO_CACHE)
find_program(qemu NAMES qemu-aarch64-static qemu-aarch64 NO_CACHE)
if(NOT compiler OR NOT qemu OR NOT EXISTS "/usr/aarch64-linux-gnu/lib")
  message("SKIPPED: the ARM kernels are not tested, for want of a cross compiler and qemu-user "
    "(Debian, Ubuntu: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static).")
  return()
endif()

find_program(ninja NAMES ninja ninja-build NO_CACHE)
if(ninja)
  set(generator "Ninja")
else()
  set(generator "Unix Makefiles")
endif()

# Ends the run if the command fails.
function(bn_run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "The ARM kernels: this failed, with the reason above: ${ARGV}")
  endif()
endfunction()

bn_run("${CMAKE_COMMAND}" -S "${source}" -B "${BUILD}" -G "${generator}" --toolchain "${toolchain}")
bn_run("${CMAKE_COMMAND}" --build "${BUILD}" --parallel 2)
bn_run("${CMAKE_CTEST_COMMAND}" --test-dir "${BUILD}" --parallel 2 --output-on-failure --no-tests=error)
