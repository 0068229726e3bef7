# cmake -DBUILD=<directory> -P cmake/Configure.cmake
# Configures the native build as Maven wants it: the preferred compiler, Ninja where there is one, and
# a fresh start when the build directory was made from another place or with another compiler.
cmake_minimum_required(VERSION 3.20)
get_filename_component(source "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
include("${CMAKE_CURRENT_LIST_DIR}/SelectCompiler.cmake")
bn_select_c_compiler(compiler)

find_program(ninja NAMES ninja ninja-build NO_CACHE)
if(ninja)
  set(generator "Ninja")
elseif(CMAKE_HOST_WIN32)
  set(generator "MinGW Makefiles")
else()
  set(generator "Unix Makefiles")
endif()

set(cache "${BUILD}/CMakeCache.txt")
if(EXISTS "${cache}")
  load_cache("${BUILD}" READ_WITH_PREFIX cached_
    CMAKE_C_COMPILER CMAKE_GENERATOR CMAKE_HOME_DIRECTORY CMAKE_CACHEFILE_DIR)
  get_filename_component(build "${BUILD}" ABSOLUTE)
  if(NOT "${cached_CMAKE_C_COMPILER}" STREQUAL "${compiler}"
      OR NOT "${cached_CMAKE_GENERATOR}" STREQUAL "${generator}"
      OR NOT "${cached_CMAKE_HOME_DIRECTORY}" STREQUAL "${source}"
      OR NOT "${cached_CMAKE_CACHEFILE_DIR}" STREQUAL "${build}")
    file(REMOVE_RECURSE "${BUILD}")
  endif()
endif()

message(STATUS "Native kernels: ${compiler}, ${generator}")
execute_process(
  COMMAND "${CMAKE_COMMAND}" -S "${source}" -B "${BUILD}" -G "${generator}" "-DCMAKE_C_COMPILER=${compiler}"
  RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "Configuring the native build in ${BUILD} failed; the reason is above.")
endif()
