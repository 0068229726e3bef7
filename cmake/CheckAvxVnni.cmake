# cmake -DOBJDUMP=<program> -DOBJECT=<object file> -P cmake/CheckAvxVnni.cmake
# Whether the object of tier AVX-VNNI has what the tier is for, vpdpbusd encoded by VEX, and nothing
# that needs AVX-512. In 64-bit code an instruction that starts with 62 is encoded by EVEX.
cmake_minimum_required(VERSION 3.20)
execute_process(COMMAND "${OBJDUMP}" -d "${OBJECT}"
  OUTPUT_VARIABLE code RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${OBJDUMP} cannot disassemble ${OBJECT}.")
endif()
# VEX in three bytes, opcode 50: c4 <r,x,b and map 0f38> <w, v, 256 bits, prefix 66> 50.
string(REGEX MATCHALL ":[ \t]+c4 [0-9a-f]+ [0-9a-f]+ 50 [^\n]*vpdpbusd" dots "${code}")
list(LENGTH dots count)
if(count EQUAL 0)
  message(FATAL_ERROR "${OBJECT} has no vpdpbusd encoded by VEX.")
endif()
if(code MATCHES "\n[ ]*[0-9a-f]+:[ \t]+62 [^\n]*")
  message(FATAL_ERROR "${OBJECT} needs AVX-512: ${CMAKE_MATCH_0}")
endif()
if(code MATCHES "[^\n]*zmm[^\n]*")
  message(FATAL_ERROR "${OBJECT} needs AVX-512: ${CMAKE_MATCH_0}")
endif()
message(STATUS "${count} vpdpbusd, all of them encoded by VEX")
