#ifndef BURIN_DIALECTS_NN_NNCOREOPS_TD
#define BURIN_DIALECTS_NN_NNCOREOPS_TD

include "dialects/NN/NNBase.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def NN_ConstantOp : NN_PureOp<"constant", [ConstantLike,
    AllTypesMatch<["value", "result"]>]> {
  let summary = "A tensor known at compile time";
  let description = [{
    `value` is a dense attribute, or a dense resource for large tensors, so that
    weights are never copied into the context.

    Example: `%0 = nn.constant dense<[1, 2]> : tensor<2xi64>`
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs NN_Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
  let builders = [OpBuilder<(ins "::mlir::TypedAttr":$value), [{
    build($_builder, $_state, value.getType(),
          ::llvm::cast<::mlir::ElementsAttr>(value));
  }]>];
  let extraClassDefinition = [{
    ::llvm::LogicalResult $cppClass::inferShapes(
        ShapeBuilder &shapes, ::llvm::SmallVectorImpl<Shape> &results) {
      results.push_back(shapes.getDims(getResult()));
      return ::llvm::success();
    }
  }];
  let hasVerifier = 1;
}

def NN_ShapeOp : NN_PureOp<"shape"> {
  let summary = "The sizes of a tensor (ONNX Shape)";
  let description = "`result[i]` is the size of dimension `start + i` of `x`, for `start <= start + i < end`, as i64.";
  let arguments = (ins NN_Tensor:$x, I64Attr:$start, I64Attr:$end);
  let results = (outs NN_Tensor:$result);
}

def NN_SizeOp : NN_PureOp<"size"> {
  let summary = "The number of elements of a tensor (ONNX Size)";
  let description = "`result`, an i64 scalar, is the product of all sizes of `x`.";
  let arguments = (ins NN_Tensor:$x);
  let results = (outs NN_Tensor:$result);
}

def NN_IfOp : NN_Op<"if", [RecursiveMemoryEffects, NoRegionArguments,
    SingleBlock]> {
  let summary = "One of two subgraphs (ONNX If)";
  let description = [{
    Runs `then` if the i1 scalar `condition` is true, else `otherwise`. Both yield
    values of the ranks and types of the results; a size on which they differ is
    dynamic.
  }];
  let arguments = (ins NN_Tensor:$condition);
  let results = (outs Variadic<NN_Tensor>:$results);
  let regions = (region SizedRegion<1>:$then, SizedRegion<1>:$otherwise);
  let assemblyFormat = [{
    $condition `then` $then `else` $otherwise attr-dict `:`
    functional-type(operands, results)
  }];
}

def NN_YieldOp : Op<NN_Dialect, "yield", [Pure, ReturnLike, Terminator,
    HasParent<"IfOp">]> {
  let summary = "What a subgraph hands to the op around it";
  let description = "Ends the regions of `nn.if`; one operand per result.";
  let arguments = (ins Variadic<NN_Tensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

#endif // BURIN_DIALECTS_NN_NNCOREOPS_TD
