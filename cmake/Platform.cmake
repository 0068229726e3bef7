# BN_PLATFORM is <os>-<arch> as the Java loader spells it: linux-x86_64, linux-aarch64, macos-aarch64,
# windows-x86_64. BN_ARCH is its second half.

string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}" processor)
if(processor MATCHES "^(x86_64|amd64)$")
  set(BN_ARCH x86_64)
elseif(processor MATCHES "^(aarch64|arm64)$")
  set(BN_ARCH aarch64)
else()
  message(FATAL_ERROR
    "There are no native kernels for the CPU family '${CMAKE_SYSTEM_PROCESSOR}': build with mvn -Dnative.skip.")
endif()

if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set(BN_PLATFORM "linux-${BN_ARCH}")
elseif(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
  set(BN_PLATFORM "macos-${BN_ARCH}")
elseif(CMAKE_SYSTEM_NAME STREQUAL "Windows")
  set(BN_PLATFORM "windows-${BN_ARCH}")
else()
  message(FATAL_ERROR
    "There are no native kernels for the system '${CMAKE_SYSTEM_NAME}': build with mvn -Dnative.skip.")
endif()
