# Chooses the C compiler: $CC if it is set, else clang 16 or newer, else gcc 12 or newer.

set(BN_OLDEST_CLANG 16)
set(BN_OLDEST_GCC 12)

# Sets out to the major version of a compiler, or to nothing if it does not run.
function(bn_compiler_major compiler out)
  set(${out} "" PARENT_SCOPE)
  execute_process(COMMAND "${compiler}" -dumpversion
    OUTPUT_VARIABLE version ERROR_QUIET RESULT_VARIABLE status OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(status EQUAL 0 AND version MATCHES "^([0-9]+)")
    set(${out} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  endif()
endfunction()

# Sets out to the path of the compiler to use; ends the run with one sentence if there is none.
function(bn_select_c_compiler out)
  if(NOT "$ENV{CC}" STREQUAL "")
    separate_arguments(words NATIVE_COMMAND "$ENV{CC}")
    list(GET words 0 named)
    find_program(found NAMES "${named}" NO_CACHE)
    if(NOT found)
      message(FATAL_ERROR "CC names '${named}', which is not on the PATH.")
    endif()
    set(${out} "${found}" PARENT_SCOPE)
    return()
  endif()

  set(newest_first "")
  foreach(version RANGE 30 ${BN_OLDEST_CLANG} -1)
    list(APPEND newest_first clang-${version})
  endforeach()
  foreach(name IN LISTS newest_first ITEMS clang)
    bn_accept("${name}" ${BN_OLDEST_CLANG} found)
    if(found)
      set(${out} "${found}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  foreach(name IN ITEMS gcc gcc-15 gcc-14 gcc-13 gcc-12)
    bn_accept("${name}" ${BN_OLDEST_GCC} found)
    if(found)
      set(${out} "${found}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR
    "The native kernels need a C compiler, clang ${BN_OLDEST_CLANG} or newer or gcc ${BN_OLDEST_GCC} or newer, and none is on the "
    "PATH: install one (Debian, Ubuntu: apt-get install clang-19 cmake ninja-build), "
    "or build without native kernels by mvn -Dnative.skip, which is many times slower at run time.")
endfunction()

# Sets out to the path of the program if it is on the PATH, works and is new enough, else to nothing.
function(bn_accept name oldest out)
  set(${out} "" PARENT_SCOPE)
  find_program(path NAMES "${name}" NO_CACHE)
  if(path)
    bn_compiler_major("${path}" major)
    if(major AND major GREATER_EQUAL oldest)
      set(${out} "${path}" PARENT_SCOPE)
    endif()
  endif()
endfunction()
