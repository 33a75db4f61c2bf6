//===- Interface.cpp - What an artifact says of itself --------------------===//

#include "compiler/Artifact/Interface.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Lower/Lowering.h"

using namespace mlir;
using namespace burin;

static TensorInfo readTensor(Type type, DictionaryAttr attrs,
                             const Twine &otherwise) {
  auto tensor = cast<RankedTensorType>(type);
  TensorInfo info;
  auto name = attrs ? attrs.getAs<StringAttr>("nn.name") : StringAttr();
  info.name = name ? name.str() : otherwise.str();
  info.dtype = getDType(tensor.getElementType());
  auto symbols = attrs ? attrs.getAs<ArrayAttr>("nn.dims") : ArrayAttr();
  for (int64_t i = 0; i < tensor.getRank(); ++i) {
    TensorInfo::Dim dim;
    dim.size = tensor.isDynamicDim(i) ? -1 : tensor.getDimSize(i);
    if (symbols && i < int64_t(symbols.size()))
      dim.symbol = cast<StringAttr>(symbols[i]).str();
    info.dims.push_back(dim);
  }
  return info;
}

ModelInterface burin::readInterface(ModuleOp module) {
  ModelInterface model;
  if (auto name = module->getAttrOfType<StringAttr>("nn.model"))
    model.name = name.str();
  for (func::FuncOp func : module.getOps<func::FuncOp>()) {
    EntryInfo entry;
    entry.name = func.getName().str();
    for (auto [i, type] : llvm::enumerate(func.getArgumentTypes()))
      entry.inputs.push_back(
          readTensor(type, func.getArgAttrDict(i), "input" + Twine(i)));
    for (auto [i, type] : llvm::enumerate(func.getResultTypes()))
      entry.outputs.push_back(
          readTensor(type, func.getResultAttrDict(i), "output" + Twine(i)));
    model.entries.push_back(std::move(entry));
  }
  for (nn::StateOp op : module.getOps<nn::StateOp>()) {
    StateInfo state;
    state.tensor = readTensor(op.getType(), {}, op.getSymName());
    state.axis = op.getAxis();
    state.capacity = op.getStateType().getDimSize(op.getAxis());
    if (model.states.size() <= op.getIndex())
      model.states.resize(op.getIndex() + 1);
    model.states[op.getIndex()] = std::move(state);
  }
  return model;
}
