# What the scripts that build the tree once more, in another way, share. They are given BUILD, the
# directory to do it in, and tell what they lack by a line that starts with "SKIPPED: ".
get_filename_component(source "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)

# Ends the run if the command fails.
function(bn_run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "This failed, with the reason above: ${ARGV}")
  endif()
endfunction()

# Configures by the given options, and builds the target.
function(bn_build target)
  find_program(ninja NAMES ninja ninja-build NO_CACHE)
  if(ninja)
    set(generator "Ninja")
  else()
    set(generator "Unix Makefiles")
  endif()
  bn_run("${CMAKE_COMMAND}" -S "${source}" -B "${BUILD}" -G "${generator}" ${ARGN})
  bn_run("${CMAKE_COMMAND}" --build "${BUILD}" --target "${target}" --parallel 2)
endfunction()

# Runs the tests of that build, on every third of the small sizes: they are slow.
function(bn_test)
  set(ENV{BITNET_TEST_STEP} 3)
  bn_run("${CMAKE_CTEST_COMMAND}" --test-dir "${BUILD}" --parallel 2 --output-on-failure
    --no-tests=error)
endfunction()
