# cmake -DMODE=check|apply -P cmake/ClangFormat.cmake
# Checks, or puts right, the format of the C sources by .clang-format. Without a clang-format 16 or
# newer it says so and does nothing.
cmake_minimum_required(VERSION 3.20)
get_filename_component(root "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)

set(clang_format "")
set(names "")
foreach(version RANGE 30 16 -1)
  list(APPEND names clang-format-${version})
endforeach()
foreach(name IN LISTS names ITEMS clang-format)
  find_program(found NAMES "${name}" NO_CACHE)
  if(found)
    execute_process(COMMAND "${found}" --version OUTPUT_VARIABLE version ERROR_QUIET)
    if(version MATCHES "version ([0-9]+)" AND CMAKE_MATCH_1 GREATER_EQUAL 16)
      set(clang_format "${found}")
      break()
    endif()
  endif()
  unset(found)
endforeach()
if(NOT clang_format)
  message(WARNING "SKIPPED: the format of native/ is not checked, for want of clang-format 16 or newer "
    "(Debian, Ubuntu: apt-get install clang-format-19).")
  return()
endif()

file(GLOB_RECURSE sources "${root}/native/*.c" "${root}/native/*.h")
if(MODE STREQUAL "apply")
  set(options -i)
else()
  set(options --dry-run -Werror)
endif()
execute_process(COMMAND "${clang_format}" ${options} --style=file ${sources}
  WORKING_DIRECTORY "${root}" RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "The C sources named above are not formatted: mvn -Pformat puts them right.")
endif()
