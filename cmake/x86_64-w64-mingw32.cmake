# Toolchain file: cross-builds the library for 64-bit Windows with Debian's MinGW-w64.
#   cmake -S . -B build-windows --toolchain cmake/x86_64-w64-mingw32.cmake
# Debian, Ubuntu: needs gcc-mingw-w64-x86-64-win32.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc)
