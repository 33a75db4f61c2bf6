# What the tests that are not gtests are declared with.
find_package(GTest REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
find_program(BURIN_LIT NAMES lit lit.py HINTS ${LLVM_TOOLS_BINARY_DIR}/../build/utils/lit REQUIRED)
cmake_host_system_information(RESULT BURIN_CORES QUERY NUMBER_OF_LOGICAL_CORES)
set(BURIN_VENV ${CMAKE_SOURCE_DIR}/build/venv)

# Makes the Python environment where it is missing or old, before the first test that needs it.
add_test(NAME python-packages COMMAND ${CMAKE_SOURCE_DIR}/tools/setup python)
set_tests_properties(python-packages PROPERTIES FIXTURES_SETUP python LABELS "fast" TIMEOUT 900)

# burin_lit(NAME): the .mlir and .test files of the current folder and below, by lit.
function(burin_lit name)
  configure_file(lit.site.cfg.py.in lit.site.cfg.py @ONLY)
  add_test(NAME ${name} COMMAND ${BURIN_LIT} -sv ${CMAKE_CURRENT_BINARY_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "fast" PROCESSORS ${BURIN_CORES} FIXTURES_REQUIRED python)
endfunction()

# burin_lint(NAME SCRIPT ARGS...): a script of tools/dev, which needs Python alone.
function(burin_lint name script)
  add_test(NAME ${name} COMMAND Python3::Interpreter ${CMAKE_SOURCE_DIR}/tools/dev/${script} ${ARGN})
  set_tests_properties(${name} PROPERTIES LABELS "fast;lint")
endfunction()

# burin_python_test(NAME fast|slow SCRIPT ARGS...): a script of the current folder with the tests' packages.
# A slow one is taken to use all processors.
function(burin_python_test name label script)
  add_test(NAME ${name} COMMAND ${BURIN_VENV}/bin/python ${CMAKE_CURRENT_SOURCE_DIR}/${script}
    --bin ${CMAKE_BINARY_DIR}/bin --out ${CMAKE_BINARY_DIR}/${name} ${ARGN})
  set_tests_properties(${name} PROPERTIES LABELS ${label} FIXTURES_REQUIRED python TIMEOUT 3600)
  if(label STREQUAL slow)
    set_tests_properties(${name} PROPERTIES PROCESSORS ${BURIN_CORES})
  endif()
endfunction()

# burin_artifact(NAME.so MODEL.onnx ARGS...): what burinc makes of a model, in the current binary folder; added to
# ${artifacts}, which go among the sources of the tests that load them.
macro(burin_artifact name model)
  add_custom_command(OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name} DEPENDS burinc ${model}
    COMMAND burinc ${model} -o ${CMAKE_CURRENT_BINARY_DIR}/${name} ${ARGN} VERBATIM)
  list(APPEND artifacts ${CMAKE_CURRENT_BINARY_DIR}/${name})
endmacro()
