# Tests of what this x86-64 Linux is not: each is skipped, and says so, where the tools for it are
# missing.

# Runs cmake/<script>.cmake, which builds in a directory of its own.
function(bn_add_other_build name script)
  add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -DBUILD=${CMAKE_CURRENT_BINARY_DIR}/${name}
    -DCOMPILER=${CMAKE_C_COMPILER} -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/${script}.cmake)
  set_tests_properties(${name} PROPERTIES
    TIMEOUT 1200 PROCESSORS 2 SKIP_REGULAR_EXPRESSION "SKIPPED: ")
endfunction()
bn_add_other_build(aarch64 TestAarch64)
bn_add_other_build(sanitized TestSanitized)
bn_add_other_build(windows TestWindows)
bn_add_other_build(macos TestMacos)
set_tests_properties(macos PROPERTIES PROCESSORS 1) # it compiles one file after the other

# A CPU that has AVX2 and nothing newer, without what qemu lacks and would warn of, on every third of
# the small sizes and on few of the large ones: tier avx2 meets all sizes, and all floats, where it
# runs natively. The tests that take longest there run only when asked for, as all sizes do:
# BITNET_TEST_ALL=1 ctest -C thorough -R haswell
set(BN_HASWELL Haswell-noTSX,-pcid,-x2apic,-tsc-deadline,-invpcid)
find_program(BN_QEMU_X86_64 NAMES qemu-x86_64-static qemu-x86_64)
if(BN_QEMU_X86_64)
  foreach(source IN LISTS bn_tests)
    get_filename_component(name "${source}" NAME_WE)
    set(arguments "")
    if(name STREQUAL "test_exp")
      set(arguments 1009)
    elseif(name MATCHES "^test_(cpu|dispatch)$")
      set(arguments 0x3) # the bits of BN_TIER_C and BN_TIER_AVX2
    endif()
    set(configurations "")
    if(name MATCHES "^test_(attend|head_product|quantize|sparse_products)$")
      set(configurations CONFIGURATIONS thorough)
    endif()
    add_test(NAME ${name}@haswell
      COMMAND ${BN_QEMU_X86_64} -cpu ${BN_HASWELL} $<TARGET_FILE:${name}> ${arguments}
      ${configurations})
    set_tests_properties(${name}@haswell PROPERTIES TIMEOUT 300
      ENVIRONMENT "BITNET_TEST_STEP=3;BITNET_TEST_LONGEST=768")
  endforeach()
  # A CPU without AVX, whose tiers are the portable one alone.
  foreach(name IN ITEMS test_cpu test_dispatch)
    add_test(NAME ${name}@nehalem
      COMMAND ${BN_QEMU_X86_64} -cpu Nehalem $<TARGET_FILE:${name}> 0x1)
  endforeach()
else()
  add_test(NAME haswell COMMAND ${CMAKE_COMMAND} -E echo "SKIPPED: a CPU with AVX2 alone is not tested, \
for want of qemu-user (Debian, Ubuntu: apt-get install qemu-user-static).")
  set_tests_properties(haswell PROPERTIES SKIP_REGULAR_EXPRESSION "SKIPPED: ")
endif()
