# Code that becomes part of what burinc writes: the kernels, the runtime, and the
# program of --emit=exe. Each is compiled once per target, with clang whatever
# builds Burin itself, and with flags of its own: an artifact is the same whether
# its compiler was built with -O0, with -O2 or with sanitizers.
set(burin_triple_x86 x86_64-linux-gnu)
set(burin_triple_arm aarch64-linux-gnu)
set(burin_flags_x86 -march=x86-64-v2) # The least that --cpu may name.
set(burin_flags_arm -mno-outline-atomics) # They were functions of libgcc.
set(burin_code_flags -std=c++17 -fPIC -Wall -Wextra -Werror -fno-exceptions -fno-rtti -fno-threadsafe-statics
  -ffunction-sections -fdata-sections -fvisibility=hidden -fvisibility-inlines-hidden)
# There, it brings AArch64's C library; without it only kernels are made for arm.
find_program(BURIN_ARM_CXX aarch64-linux-gnu-g++)
find_program(BURIN_CLANGXX NAMES clang++-19 clang++ HINTS ${LLVM_TOOLS_BINARY_DIR} REQUIRED)
add_custom_target(burin_target_code ALL)

# burin_target_archive(burin_kernels SOURCES a.cpp... [FLAGS flags...] [FREESTANDING]):
#   lib/burin/<target>/libburin_kernels.a, by the targets burin_kernels_<target>.
#   FREESTANDING: needs no headers but clang's own.
function(burin_target_archive name)
  cmake_parse_arguments(ARG "FREESTANDING" "" "SOURCES;FLAGS" ${ARGN})
  foreach(target x86 arm)
    if(ARG_FREESTANDING OR target STREQUAL x86 OR BURIN_ARM_CXX)
      burin_archive_for(${target})
    endif()
  endforeach()
endfunction()

# Of burin_target_archive, for one target.
function(burin_archive_for target)
  set(folder ${CMAKE_BINARY_DIR}/lib/burin/${target})
  file(MAKE_DIRECTORY ${folder})
  set(archive ${folder}/lib${name}.a)
  set(flags --target=${burin_triple_${target}} ${burin_flags_${target}} ${burin_code_flags}
    ${ARG_FLAGS} -I${CMAKE_SOURCE_DIR}/runtime/include)
  foreach(source ${ARG_SOURCES})
    cmake_path(ABSOLUTE_PATH source)
    cmake_path(GET source STEM stem)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}_${target}/${stem}.o)
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${name}_${target})
    add_custom_command(OUTPUT ${object} DEPFILE ${object}.d DEPENDS ${source}
      COMMAND ${BURIN_CLANGXX} ${flags} -MD -MT ${object} -MF ${object}.d -c ${source} -o ${object} VERBATIM)
    list(APPEND objects ${object})
  endforeach()
  add_custom_command(OUTPUT ${archive} DEPENDS ${objects}
    COMMAND ${CMAKE_COMMAND} -E rm -f ${archive}.new
    COMMAND ${LLVM_TOOLS_BINARY_DIR}/llvm-ar rcs ${archive}.new ${objects}
    COMMAND ${CMAKE_COMMAND} -E rename ${archive}.new ${archive})
  add_custom_target(${name}_${target} DEPENDS ${archive})
  add_dependencies(burin_target_code ${name}_${target})
endfunction()

# burin_target_program(burin-run-aarch64 arm LIBRARIES burin_main...): bin/<name>,
#   of archives made above, if there is a linker for the target.
function(burin_target_program name target)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  if(NOT BURIN_ARM_CXX)
    return()
  endif()
  list(TRANSFORM ARG_LIBRARIES REPLACE ".+" "${CMAKE_BINARY_DIR}/lib/burin/${target}/lib\\0.a" OUTPUT_VARIABLE archives)
  list(TRANSFORM ARG_LIBRARIES APPEND _${target})
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/bin/${name} DEPENDS ${archives} ${ARG_LIBRARIES}
    COMMAND ${BURIN_ARM_CXX} -o ${CMAKE_BINARY_DIR}/bin/${name} ${archives} -lm)
  add_custom_target(${name} DEPENDS ${CMAKE_BINARY_DIR}/bin/${name})
  add_dependencies(burin_target_code ${name})
endfunction()
