#ifndef BURIN_DIALECTS_EXEC_EXECOPS_TD
#define BURIN_DIALECTS_EXEC_EXECOPS_TD

include "dialects/Exec/ExecDialect.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

class Exec_Op<string mnemonic, list<Trait> traits = []>
    : Op<Exec_Dialect, mnemonic, traits>;

//===- Memory --------------------------------------------------------------===//

def Exec_InputOp : Exec_Op<"input", [Pure]> {
  let summary = "Input number `index` of the entry";
  let description = [{
    The caller's memory, row-major. Its dynamic sizes are what the caller gave;
    the runtime has checked them against the descriptor.

    Example: `%0 = exec.input 0 : memref<?x3x224x224xf32>`
  }];
  let arguments = (ins I32Attr:$index);
  let results = (outs AnyMemRef:$memory);
  let assemblyFormat = "$index attr-dict `:` type($memory)";
}

def Exec_OutputOp : Exec_Op<"output", [MemoryEffects<[MemAlloc]>]> {
  let summary = "Memory for output number `index`";
  let description = [{
    Tells the runtime the shape of the output and gets memory for it: the
    caller's own or the session's. Once per output and run. `sizes` are the
    dynamic ones.

    Example: `%0 = exec.output 0(%n) : memref<?x1000xf32>`
  }];
  let arguments = (ins I32Attr:$index, Variadic<Index>:$sizes);
  let results = (outs AnyMemRef:$memory);
  let assemblyFormat = "$index `(` $sizes `)` attr-dict `:` type($memory)";
}

def Exec_ArenaOp : Exec_Op<"arena", [Pure]> {
  let summary = "Memory at a fixed place of the arena";
  let description = [{
    `offset` is in bytes, a multiple of 64. Buffers whose lives overlap do not
    overlap in the arena (`burin-plan-memory` saw to it).

    Example: `%0 = exec.arena 4096 : memref<1x64x56x56xf32>`
  }];
  let arguments = (ins I64Attr:$offset);
  let results = (outs AnyMemRef:$memory);
  let assemblyFormat = "$offset attr-dict `:` type($memory)";
}

def Exec_ConstantOp : Exec_Op<"constant", [Pure]> {
  let summary = "Constant memory in a weights section";
  let description = [{
    `offset` is in bytes from the start of section `section`, a multiple of 64.

    Example: `%0 = exec.constant 0[128] : memref<64x3x7x7xf32>`
  }];
  let arguments = (ins I32Attr:$section, I64Attr:$offset);
  let results = (outs AnyMemRef:$memory);
  let assemblyFormat = "$section `[` $offset `]` attr-dict `:` type($memory)";
}

def Exec_StateOp : Exec_Op<"state", [Pure]> {
  let summary = "Memory of state number `index`, all of its capacity";
  let description = "Example: `%0 = exec.state 0 : memref<1x2x256x32xf32>`";
  let arguments = (ins I32Attr:$index);
  let results = (outs AnyMemRef:$memory);
  let assemblyFormat = "$index attr-dict `:` type($memory)";
}

def Exec_StateLengthOp : Exec_Op<"state_length", [MemoryEffects<[MemRead]>]> {
  let summary = "How many slices of a state are filled";
  let description = "Example: `%n = exec.state_length 0`";
  let arguments = (ins I32Attr:$index);
  let results = (outs Index:$length);
  let assemblyFormat = "$index attr-dict";
}

def Exec_SetStateLengthOp
    : Exec_Op<"set_state_length", [MemoryEffects<[MemWrite]>]> {
  let summary = "Says how many slices of a state are filled now";
  let description = "Takes effect only if the run succeeds. Example: `exec.set_state_length 0, %n`";
  let arguments = (ins I32Attr:$index, Index:$length);
  let assemblyFormat = "$index `,` $length attr-dict";
}

def Exec_AllocateOp : Exec_Op<"allocate", [MemoryEffects<[MemAlloc]>]> {
  let summary = "Memory of a size known only at run time";
  let description = [{
    From the session's pool, which hands the same blocks out again in later runs.
    `sizes` are the dynamic ones.

    Example: `%0 = exec.allocate(%n) : memref<?x768xf32>`
  }];
  let arguments = (ins Variadic<Index>:$sizes);
  let results = (outs AnyMemRef:$memory);
  let assemblyFormat = "`(` $sizes `)` attr-dict `:` type($memory)";
}

def Exec_ReleaseOp : Exec_Op<"release", [MemoryEffects<[MemFree]>]> {
  let summary = "Hands memory of `exec.allocate` back";
  let description = "Example: `exec.release %0 : memref<?x768xf32>`";
  let arguments = (ins AnyMemRef:$memory);
  let assemblyFormat = "$memory attr-dict `:` type($memory)";
}

//===- Arithmetic ----------------------------------------------------------===//

def Exec_Words : AnyTypeOf<[I32, VectorOf<[I32]>], "i32 or a vector of it">;

def Exec_DotOp : Exec_Op<"dot", !listconcat([Pure, SameOperandsAndResultType],
                                            ElementwiseMappable.traits)> {
  let summary = "A sum plus the products of four pairs of bytes";
  let description = [{
    `x` and `y` are four bytes in 32 bits: those in the same place are multiplied.
    The bytes of `x` are from 0 to 127, or to 255 if it `is_wide`, those of `y`
    signed. Sums that do not fit wrap around.

    Example: `%0 = exec.dot %x, %y, %sum : vector<16xi32>`
  }];
  let arguments = (ins Exec_Words:$x, Exec_Words:$y, Exec_Words:$sum, UnitAttr:$is_wide);
  let results = (outs Exec_Words:$result);
  let assemblyFormat = "$x `,` $y `,` $sum attr-dict `:` type($sum)";
}

def Exec_Bytes : AnyTypeOf<[I8, VectorOf<[I8]>], "i8 or a vector of it">;

def Exec_LookupOp : Exec_Op<"lookup", !listconcat([Pure, SameOperandsAndResultType],
                                                  ElementwiseMappable.traits)> {
  let summary = "A byte out of a table";
  let description = [{
    The element of `table` whose number are the bits of `x` without a sign.

    Example: `%0 = exec.lookup %x in dense<1> : tensor<256xi8> : vector<16xi8>`
  }];
  let arguments = (ins Exec_Bytes:$x, RankedSignlessIntElementsAttr<8, [256]>:$table);
  let results = (outs Exec_Bytes:$result);
  let assemblyFormat = "$x `in` $table attr-dict `:` type($x)";
}

//===- Control -------------------------------------------------------------===//

def Exec_CheckOp : Exec_Op<"check"> {
  let summary = "Ends the run unless a condition holds";
  let description = [{
    If `condition` is false the run ends with status `status` (a `burin_status`;
    5 is BURIN_FAILED) and `message`. Inside `exec.parallel` only this thread's
    share ends; the run fails when all threads are done.

    Example: `exec.check %ok, "node 'fc1': index out of range"`
  }];
  let arguments = (ins I1:$condition, StrAttr:$message,
                       DefaultValuedAttr<I32Attr, "5">:$status);
  let assemblyFormat = "$condition `,` $message attr-dict";
  let builders = [OpBuilder<(ins "::mlir::Value":$condition,
                                 "::llvm::StringRef":$message), [{
    build($_builder, $_state, condition, message, /*status=*/5);
  }]>];
}

def Exec_ParallelOp : Exec_Op<"parallel", [RecursiveMemoryEffects,
    SingleBlockImplicitTerminator<"::burin::exec::YieldOp">]> {
  let summary = "A range of independent iterations, shared among threads";
  let description = [{
    Calls its region for ranges `[lower, upper)` that together are
    `[0, count)`, none but the last smaller than `grain`. The ranges may run at
    the same time and in any order; results must not depend on where they are cut.

    Example:

    ```mlir
    exec.parallel %lower to %upper of %count grain 16 {
      scf.for %i = %lower to %upper step %c1 { ... }
    }
    ```
  }];
  let arguments = (ins Index:$count, I64Attr:$grain);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::mlir::Value":$count, "int64_t":$grain)>];
  let extraClassDeclaration = [{
    ::mlir::Value getLower() { return getBody().getArgument(0); }
    ::mlir::Value getUpper() { return getBody().getArgument(1); }
  }];
  let hasRegionVerifier = 1;
}

def Exec_YieldOp : Exec_Op<"yield", [Pure, Terminator,
    ParentOneOf<["ParallelOp", "AttentionOp"]>]> {
  let summary = "Ends the region of `exec.parallel` or of `exec.attention`";
  let description = "Implied at the end of `exec.parallel`; gives the score in `exec.attention`.";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{
    build($_builder, $_state, ::mlir::ValueRange());
  }]>];
}

def Exec_LaunchOp : Exec_Op<"launch"> {
  let summary = "Shares the iterations of a function among threads";
  let description = [{
    Calls `callee(call, lower, upper, captured...)` for ranges that together are
    `[0, count)`, as `exec.parallel` says. Made from it by `burin-outline-parallel`.

    Example: `exec.launch @main_part0 of %n grain 4(%m) : memref<?xf32>`
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Index:$count, I64Attr:$grain,
                       Variadic<AnyType>:$captured);
  let assemblyFormat = [{
    $callee `of` $count `grain` $grain `(` $captured `)` attr-dict
    (`:` type($captured)^)?
  }];
}

//===- Kernels made of several loops ---------------------------------------===//

def Exec_AttentionOp : Exec_Op<"attention", [DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Attention whose scores never lie in memory";
  let description = [{
    For each batch `b`, head `h` and query `q`, where `g = h / (H / G)`:

    ```
    score[k] = body(sum over d of query[b,h,q,d] * key[b,g,k,d], extras[b,h,q,k]..., q, k)
    init[b,h,q,w] = sum over k of softmax(score)[k] * value[b,g,k,w]
    ```

    All in f32. The orders say how the operands lie: dimension `i` of `query` is
    dimension `query_order[i]` of `[B, H, Sq, D]`, and so on. Extras have all four
    dimensions of the scores, or 1 in their place. A query whose scores are all -inf
    gives NaN, or 0 with `zero_unseen`; one whose softmax is NaN gives 0 with
    `zero_nan`. The body is elementwise.

    Example:

    ```mlir
    exec.attention %q, %k, %v extras() outs(%o)
        order [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3], [0, 2, 1, 3]
        : memref<1x4x17x16xf32>, memref<1x4x17x16xf32>, memref<1x4x17x16xf32>, memref<1x17x4x16xf32> {
    ^bb0(%s: f32, %i: index, %j: index):
      exec.yield %s : f32
    }
    ```
  }];
  let arguments = (ins AnyShaped:$query, AnyShaped:$key, AnyShaped:$value,
                       Variadic<AnyShaped>:$extras, AnyShaped:$init,
                       DenseI64ArrayAttr:$query_order, DenseI64ArrayAttr:$key_order,
                       DenseI64ArrayAttr:$value_order, DenseI64ArrayAttr:$result_order,
                       UnitAttr:$zero_unseen, UnitAttr:$zero_nan);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $query `,` $key `,` $value `extras` `(` ($extras^ `:` type($extras))? `)`
    `outs` `(` $init `)` `order` $query_order `,` $key_order `,` $value_order `,`
    $result_order attr-dict `:` type($query) `,` type($key) `,` type($value) `,`
    type($init) (`->` type($results)^)? $body
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
  let hasVerifier = 1;
}

//===- Library kernels -----------------------------------------------------===//

def Exec_CallOp : Exec_Op<"call", [DestinationStyleOpInterface,
    AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Calls a kernel of the runtime's library";
  let description = [{
    For what is not worth generating code for: sorting, suppressing boxes,
    counting nonzeros. `callee` is a function of `burin/kernels.h`; it reads
    `inputs`, writes `inits` (the whole of them, unless it says otherwise) and
    gets `params`. `types` are burin_dtype values of all tensors, inputs first.
    On tensors it returns the new values of `inits`; on buffers nothing.

    Example:

    ```mlir
    %v, %i = exec.call @burin_topk ins(%x : tensor<?xf32>)
             outs(%a, %b : tensor<5xf32>, tensor<5xi64>) params [0, 1] types [0, 0, 11]
             -> tensor<5xf32>, tensor<5xi64>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<AnyShaped>:$inputs,
                       Variadic<AnyShaped>:$inits, DenseI64ArrayAttr:$params,
                       DenseI32ArrayAttr:$types);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $callee `ins` `(` ($inputs^ `:` type($inputs))? `)`
    `outs` `(` $inits `:` type($inits) `)` `params` $params `types` $types
    attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitsMutable(); }
  }];
  let hasVerifier = 1;
}

#endif // BURIN_DIALECTS_EXEC_EXECOPS_TD
