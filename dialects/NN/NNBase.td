#ifndef BURIN_DIALECTS_NN_NNBASE_TD
#define BURIN_DIALECTS_NN_NNBASE_TD

include "dialects/NN/NNAttrs.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// Element types are MLIR's builtin ones: f32 f64 f16 bf16 f8*, i8..i64 for
// ONNX's signed integers, ui8..ui64 for its unsigned ones, i1 for bool. Result
// types are unranked only while the importer builds an op (before inferShapes).
def NN_Tensor : TensorOf<[AnyType]>;

/// Every op of the graph: no side effects, and a rule for its shapes.
class NN_Op<string mnemonic, list<Trait> traits = []>
    : Op<NN_Dialect, mnemonic,
         !listconcat(traits, [DeclareOpInterfaceMethods<NN_ShapeOpInterface>])> {
  let assemblyFormat =
      "operands attr-dict `:` functional-type(operands, results)";
}

/// Without side effects, as nearly all are.
class NN_PureOp<string mnemonic, list<Trait> traits = []>
    : NN_Op<mnemonic, !listconcat(traits, [Pure])>;

/// Moves elements about, also those of shapes.
class NN_MovementOp<string mnemonic, list<Trait> traits = []>
    : NN_PureOp<mnemonic, !listconcat(traits,
          [DeclareOpInterfaceMethods<NN_ElementsOpInterface>])>;

/// Knows channels that come last.
defvar NN_Layout = DeclareOpInterfaceMethods<NN_LayoutOpInterface>;

/// For ops that need to be told: without it channels are dimension 1.
defvar NN_ChannelsLast = (ins UnitAttr:$channels_last);

#endif // BURIN_DIALECTS_NN_NNBASE_TD
