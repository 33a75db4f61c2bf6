#ifndef BURIN_DIALECTS_NN_NNSTATEOPS_TD
#define BURIN_DIALECTS_NN_NNSTATEOPS_TD

include "dialects/NN/NNBase.td"
include "mlir/IR/SymbolInterfaces.td"

def NN_StateOp : Op<NN_Dialect, "state", [Symbol]> {
  let summary = "Memory that lives between calls";
  let description = [{
    A tensor of which `axis` is filled slice by slice: `type` has `capacity` slices
    there, and static sizes everywhere else. Each session has its own, empty at
    first. `index` numbers the states of a module.

    Example: `nn.state @kv0 : tensor<1x8x512x64xf32> axis 2 index 0`
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<NN_Tensor>:$type,
                       I64Attr:$axis, I32Attr:$index);
  let assemblyFormat =
      "$sym_name `:` $type `axis` $axis `index` $index attr-dict";
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getStateType() {
      return ::llvm::cast<::mlir::RankedTensorType>(getType());
    }
  }];
}

def NN_StateReadOp : NN_Op<"state_read", [MemoryEffects<[MemRead]>]> {
  let summary = "The filled part of a state";
  let description = [{
    `result` is the state's slices `[0, length)` along its axis, in place: later
    appends do not change them.

    Example: `%0 = nn.state_read @kv0 : tensor<1x8x?x64xf32>`
  }];
  let arguments = (ins FlatSymbolRefAttr:$state);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "$state attr-dict `:` type($result)";
}

def NN_StateAppendOp : NN_Op<"state_append", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Adds slices at the end of a state";
  let description = [{
    Writes `slices` behind those that are there and returns all of them, in place.
    What was there is not touched. If the capacity does not suffice the run ends
    with BURIN_EXHAUSTED and nothing is written.

    Example: `%0 = nn.state_append @kv0, %new : (tensor<1x8x1x64xf32>) -> tensor<1x8x?x64xf32>`
  }];
  let arguments = (ins FlatSymbolRefAttr:$state, NN_Tensor:$slices);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat =
      "$state `,` $slices attr-dict `:` functional-type(operands, results)";
}

def NN_StateWriteOp : NN_Op<"state_write", [MemoryEffects<[MemWrite]>]> {
  let summary = "Replaces the contents of a state";
  let description = [{
    For updates that are no appending. The length becomes that of `contents` along
    the axis, which must fit into the capacity.

    Example: `nn.state_write @h, %new : (tensor<1x64xf32>) -> ()`
  }];
  let arguments = (ins FlatSymbolRefAttr:$state, NN_Tensor:$contents);
  let assemblyFormat =
      "$state `,` $contents attr-dict `:` functional-type(operands, results)";
}

#endif // BURIN_DIALECTS_NN_NNSTATEOPS_TD
