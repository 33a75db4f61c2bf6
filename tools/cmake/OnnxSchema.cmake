# burin_onnx: the protobuf classes of ONNX's onnx-ml.proto, of the release below.
#
# The schema comes out of the release's wheel on PyPI, by pip, checked by its
# hash and kept in the build folder. BURIN_ONNX_PROTO names a copy
# for machines without a network. Where there is neither, Debian's libonnx (1.12)
# stands in, and says what it cannot read.
set(BURIN_ONNX_VERSION 1.23.2)
set(BURIN_ONNX_PROTO "" CACHE FILEPATH "onnx-ml.proto to use instead of the one in the onnx wheel")
set(onnx_proto_hash 8f39d0a1ae1abef5ca648922cdb06716d6bd1573c9e972b42854c16e9e352c16)
set(onnx_wheel_hash c03ecf6b835d136108eeaeeafbd0026fc7b3cf98661409fbc6b63d5a29361348)
set(onnx_wheel onnx-1.23.2-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl)

find_package(Protobuf REQUIRED)

# Leaves the wheel in `folder`, or nothing. The wheel is one fixed file, whatever
# this machine is: only its schema is used.
function(burin_fetch_onnx_wheel folder)
  find_package(Python3 COMPONENTS Interpreter QUIET)
  file(WRITE ${folder}/requirements.txt
    "onnx==${BURIN_ONNX_VERSION} --hash=sha256:${onnx_wheel_hash}\n")
  if(Python3_FOUND)
    execute_process(
      COMMAND ${Python3_EXECUTABLE} -m pip download --quiet --no-deps --only-binary :all:
        --platform manylinux_2_28_x86_64 --implementation cp --python-version 3.11 --abi cp311
        --require-hashes -r ${folder}/requirements.txt -d ${folder}
      OUTPUT_QUIET ERROR_QUIET)
  endif()
endfunction()

# Sets `result` to the path of the schema, or to nothing.
function(burin_find_onnx_proto result)
  set(folder ${CMAKE_BINARY_DIR}/onnx-schema)
  set(proto ${folder}/onnx/onnx-ml.proto)
  if(BURIN_ONNX_PROTO)
    configure_file(${BURIN_ONNX_PROTO} ${proto} COPYONLY)
  endif()
  if(NOT EXISTS ${proto})
    message(STATUS "Fetching the schema of ONNX ${BURIN_ONNX_VERSION}")
    burin_fetch_onnx_wheel(${folder})
    if(EXISTS ${folder}/${onnx_wheel})
      file(SHA256 ${folder}/${onnx_wheel} hash)
      if(NOT hash STREQUAL onnx_wheel_hash)
        file(REMOVE ${folder}/${onnx_wheel})
        message(FATAL_ERROR "The onnx wheel has the hash ${hash}, not ${onnx_wheel_hash}")
      endif()
      file(ARCHIVE_EXTRACT INPUT ${folder}/${onnx_wheel} DESTINATION ${folder}
        PATTERNS onnx/onnx-ml.proto)
      file(REMOVE ${folder}/${onnx_wheel})
    endif()
  endif()
  if(EXISTS ${proto} AND NOT BURIN_ONNX_PROTO)
    file(SHA256 ${proto} hash)
    if(NOT hash STREQUAL onnx_proto_hash)
      file(REMOVE ${proto})
      message(FATAL_ERROR "onnx-ml.proto has the hash ${hash}, not ${onnx_proto_hash}")
    endif()
  endif()
  if(EXISTS ${proto})
    set(${result} ${proto} PARENT_SCOPE)
  else()
    set(${result} "" PARENT_SCOPE)
  endif()
endfunction()

burin_find_onnx_proto(onnx_proto)
if(onnx_proto)
  cmake_path(GET onnx_proto PARENT_PATH onnx_proto_folder)
  add_custom_command(
    OUTPUT ${onnx_proto_folder}/onnx-ml.pb.cc ${onnx_proto_folder}/onnx-ml.pb.h
    COMMAND protobuf::protoc --cpp_out=${onnx_proto_folder} -I${onnx_proto_folder} ${onnx_proto}
    DEPENDS ${onnx_proto})
  add_library(burin_onnx STATIC ${onnx_proto_folder}/onnx-ml.pb.cc ${onnx_proto_folder}/onnx-ml.pb.h)
  target_include_directories(burin_onnx SYSTEM PUBLIC ${CMAKE_BINARY_DIR}/onnx-schema)
  target_link_libraries(burin_onnx PUBLIC protobuf::libprotobuf-lite)
  target_compile_definitions(burin_onnx PUBLIC BURIN_ONNX_VERSION="${BURIN_ONNX_VERSION}")
else()
  find_package(ONNX REQUIRED)
  message(WARNING "The schema of ONNX ${BURIN_ONNX_VERSION} could not be fetched; using "
    "that of Debian's libonnx 1.12. Burin will not read: 2- and 4-bit integers, 8-bit "
    "floats, defaults and overloads of functions. With a network, or with "
    "-DBURIN_ONNX_PROTO=onnx-ml.proto, configure again.")
  add_library(burin_onnx INTERFACE)
  target_link_libraries(burin_onnx INTERFACE onnx_proto protobuf::libprotobuf)
  target_compile_definitions(burin_onnx INTERFACE BURIN_OLD_ONNX BURIN_ONNX_VERSION="1.12.0")
endif()
