//===- models.h - ONNX models for tests, made in memory ---------*- C++ -*-===//

#ifndef BURIN_TEST_COMPILER_IMPORT_MODELS_H
#define BURIN_TEST_COMPILER_IMPORT_MODELS_H

#include "compiler/Import/Importer.h"
#include "compiler/Import/Onnx/Model.h"
#include "compiler/Import/Onnx/Schema.h"
#include "compiler/Support/NodeDiagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/raw_ostream.h"
#include <gtest/gtest.h>

namespace burin::test {

/// Sizes of an input: numbers, or names of dimensions.
struct Dim {
  Dim(int64_t size) : size(size) {}
  Dim(const char *name) : name(name) {}
  int64_t size = 0;
  std::string name;
};

inline void setType(onnx::ValueInfoProto *value, const std::string &name,
                    std::vector<Dim> dims, int type) {
  value->set_name(name);
  auto *tensor = value->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  tensor->mutable_shape();
  for (const Dim &dim : dims) {
    auto *added = tensor->mutable_shape()->add_dim();
    if (dim.name.empty())
      added->set_dim_value(dim.size);
    else
      added->set_dim_param(dim.name);
  }
}

/// A node: operator, inputs, outputs.
inline onnx::NodeProto *setNode(onnx::NodeProto *node, const std::string &op,
                                std::vector<std::string> inputs,
                                std::vector<std::string> outputs,
                                const std::string &domain = "") {
  node->set_op_type(op);
  node->set_domain(domain);
  for (const std::string &input : inputs)
    node->add_input(input);
  for (const std::string &output : outputs)
    node->add_output(output);
  return node;
}

inline onnx::AttributeProto *addAttr(onnx::NodeProto *node,
                                     const std::string &name,
                                     onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto *attr = node->add_attribute();
  attr->set_name(name);
  attr->set_type(type);
  return attr;
}

/// A model of the newest opset, without nodes.
struct ModelBuilder {
  onnx::ModelProto proto;
  onnx::GraphProto *graph = proto.mutable_graph();

  explicit ModelBuilder(int64_t opset = 21) {
    proto.set_ir_version(10);
    proto.add_opset_import()->set_version(opset);
    graph->set_name("g");
  }
  void addInput(const std::string &name, std::vector<Dim> dims,
                int type = onnx::TensorProto::FLOAT) {
    setType(graph->add_input(), name, std::move(dims), type);
  }
  void addOutput(const std::string &name) {
    graph->add_output()->set_name(name);
  }
  onnx::NodeProto *addNode(const std::string &op,
                           std::vector<std::string> inputs,
                           std::vector<std::string> outputs,
                           const std::string &domain = "") {
    return setNode(graph->add_node(), op, std::move(inputs), std::move(outputs),
                   domain);
  }
  onnx::TensorProto *addTensor(const std::string &name, int type,
                               std::vector<int64_t> dims) {
    onnx::TensorProto *tensor = graph->add_initializer();
    tensor->set_name(name);
    tensor->set_data_type(type);
    for (int64_t dim : dims)
      tensor->add_dims(dim);
    return tensor;
  }
};

/// A model imported, or why not.
struct Imported {
  Imported(ModelBuilder builder, const ImportOptions &options = {},
           const std::string &path = "m.onnx")
      : model(Model::make(std::move(builder.proto), path)) {
    llvm::raw_string_ostream os(messages);
    NodeDiagnosticHandler handler(&context, os);
    module = importModel(*model, options, &context, code);
    if (!module)
      return;
    llvm::raw_string_ostream text(ir);
    module->print(text);
  }

  mlir::MLIRContext context;
  std::unique_ptr<Model> model;
  ExitCode code = ExitCode::Done;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string messages, ir;

  bool has(const std::string &text) const {
    return ir.find(text) != std::string::npos;
  }
};

} // namespace burin::test

#endif // BURIN_TEST_COMPILER_IMPORT_MODELS_H
