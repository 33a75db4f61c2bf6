//===- Schema.h - ONNX's protobuf classes -----------------------*- C++ -*-===//
//
// The one place that includes them. What Debian's libonnx, the stand-in for the
// current schema, does not know yet has an accessor here.
//
//===----------------------------------------------------------------------===//

#ifndef BURIN_COMPILER_IMPORT_ONNX_SCHEMA_H
#define BURIN_COMPILER_IMPORT_ONNX_SCHEMA_H

#ifdef BURIN_OLD_ONNX
#include "onnx/onnx_pb.h"
#else
#include "onnx/onnx-ml.pb.h"
#endif
#include "llvm/ADT/StringRef.h"

namespace burin {

#ifdef BURIN_OLD_ONNX
inline llvm::StringRef getOverload(const onnx::NodeProto &) { return ""; }
inline llvm::StringRef getOverload(const onnx::FunctionProto &) { return ""; }
inline auto &getDefaults(const onnx::FunctionProto &) {
  static const google::protobuf::RepeatedPtrField<onnx::AttributeProto> none;
  return none;
}
#else
inline llvm::StringRef getOverload(const onnx::NodeProto &node) {
  return node.overload();
}
inline llvm::StringRef getOverload(const onnx::FunctionProto &function) {
  return function.overload();
}
/// The attributes of a function that have default values.
inline auto &getDefaults(const onnx::FunctionProto &function) {
  return function.attribute_proto();
}
#endif

/// "ai.onnx" is the long name of the domain "".
inline llvm::StringRef getDomain(llvm::StringRef domain) {
  return domain == "ai.onnx" ? llvm::StringRef() : domain;
}

} // namespace burin

#endif // BURIN_COMPILER_IMPORT_ONNX_SCHEMA_H
