//===- Model.h - An ONNX file in memory -------------------------*- C++ -*-===//

#ifndef BURIN_COMPILER_IMPORT_ONNX_MODEL_H
#define BURIN_COMPILER_IMPORT_ONNX_MODEL_H

#include "compiler/Import/Onnx/ExternalFiles.h"
#include <memory>

namespace onnx {
class FunctionProto;
class ModelProto;
class NodeProto;
} // namespace onnx

namespace burin {

/// A model as it was read, not yet believed. Constants of an imported module
/// point into it, so that it must outlive the module.
class Model {
public:
  ~Model();

  /// Reads the file at `path`; on success sets `model`.
  static Status read(const std::string &path, std::unique_ptr<Model> &model);
  /// Takes a model that was made in memory, as if read from `path`.
  static std::unique_ptr<Model> make(onnx::ModelProto &&proto,
                                     const std::string &path);

  const onnx::ModelProto &getProto() const { return *proto; }
  const std::string &getPath() const { return path; }
  /// Of the file's bytes; empty where there was none.
  const std::string &getHash() const { return hash; }
  /// The side files of the model's folder; mapping them changes no model.
  ExternalFiles &getFiles() const { return *files; }
  /// The model's own function that a node calls; null if it calls none.
  const onnx::FunctionProto *findFunction(const onnx::NodeProto &node) const;

private:
  Model(std::unique_ptr<onnx::ModelProto> proto, const std::string &path);

  std::unique_ptr<onnx::ModelProto> proto;
  std::string path, hash;
  std::unique_ptr<ExternalFiles> files;
  llvm::StringMap<const onnx::FunctionProto *> functions;
};

/// What tells functions apart: domain, name and overload.
std::string getFunctionKey(const onnx::FunctionProto &function);
std::string getFunctionKey(const onnx::NodeProto &node);

} // namespace burin

#endif // BURIN_COMPILER_IMPORT_ONNX_MODEL_H
