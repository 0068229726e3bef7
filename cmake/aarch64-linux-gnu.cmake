# Toolchain file: cross-builds for 64-bit ARM Linux with Debian's cross compiler and runs programs
# under qemu-user where there is one. The environment variable QEMU_CPU chooses the CPU.
#   cmake -S . -B build-aarch64 --toolchain cmake/aarch64-linux-gnu.cmake
# Debian, Ubuntu: needs gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user-static.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
find_program(BN_QEMU NAMES qemu-aarch64-static qemu-aarch64)
if(BN_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${BN_QEMU};-L;/usr/aarch64-linux-gnu")
endif()
