# The library of a CPU family is native/src/{common,c} and the family's own folder. There a kernel tier
# is a file-name suffix: name_avx2.c is compiled with the options of tier avx2 and only where that
# tier's CPU family is built. A file without a tier's suffix is compiled for the family's baseline. A
# new tier is two lines here.

set(BN_FOLDER_x86_64 x86)
set(BN_FOLDER_aarch64 arm)

set(BN_TIERS_x86_64 avx2 avxvnni avx512 avx512vbmi amx)
set(BN_TIERS_aarch64 neon dotprod i8mm)

set(BN_TIER_OPTIONS_avx2 -mavx2 -mfma -mf16c -mbmi2)
set(BN_TIER_OPTIONS_avxvnni -mavx2 -mfma -mf16c -mbmi2 -mavxvnni)
set(BN_TIER_OPTIONS_avx512 -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mf16c -mfma)
set(BN_TIER_OPTIONS_avx512vbmi ${BN_TIER_OPTIONS_avx512} -mavx512vbmi)
set(BN_TIER_OPTIONS_amx ${BN_TIER_OPTIONS_avx512vbmi} -mgfni -mamx-tile -mamx-int8)
set(BN_TIER_OPTIONS_neon -march=armv8-a)
set(BN_TIER_OPTIONS_dotprod -march=armv8.2-a+dotprod)
set(BN_TIER_OPTIONS_i8mm -march=armv8.2-a+dotprod+i8mm)

# Sets out to globbing expressions for the C files of the library in native/src.
function(bn_source_globs src out)
  set(globs "")
  foreach(folder IN ITEMS common c ${BN_FOLDER_${BN_ARCH}})
    list(APPEND globs "${src}/${folder}/*.c")
  endforeach()
  set(${out} "${globs}" PARENT_SCOPE)
endfunction()

# Sets out to the tier that a file's name ends in, or to nothing.
function(bn_tier_of source out)
  set(${out} "" PARENT_SCOPE)
  foreach(candidate IN LISTS BN_TIERS_x86_64 BN_TIERS_aarch64)
    if(source MATCHES "_${candidate}\\.c$")
      set(${out} ${candidate} PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# Sets out to those of the given files that belong to this CPU family.
function(bn_tier_sources out)
  set(chosen "")
  foreach(source IN LISTS ARGN)
    bn_tier_of("${source}" tier)
    if(NOT tier OR tier IN_LIST BN_TIERS_${BN_ARCH})
      list(APPEND chosen "${source}")
    endif()
  endforeach()
  set(${out} "${chosen}" PARENT_SCOPE)
endfunction()

# The same, and gives each of them its tier's options.
function(bn_select_sources out)
  bn_tier_sources(chosen ${ARGN})
  foreach(source IN LISTS chosen)
    bn_tier_of("${source}" tier)
    set(options ${BN_TIER_OPTIONS_${tier}})
    if(tier AND BN_SANITIZE)
      list(APPEND options -O0) # unrolled code full of checks takes an optimizer minutes
    endif()
    set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS "${options}")
  endforeach()
  set(${out} "${chosen}" PARENT_SCOPE)
endfunction()
