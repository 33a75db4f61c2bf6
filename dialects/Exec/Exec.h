//===- Exec.h - The exec dialect --------------------------------*- C++ -*-===//

#ifndef BURIN_DIALECTS_EXEC_EXEC_H
#define BURIN_DIALECTS_EXEC_EXEC_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Exec/ExecDialect.h.inc"

#define GET_OP_CLASSES
#include "dialects/Exec/ExecOps.h.inc"

namespace burin::exec {
/// Lets one-shot bufferization turn exec ops on tensors into ones on buffers.
void registerBufferizableOpInterfaces(mlir::DialectRegistry &registry);
} // namespace burin::exec

#endif // BURIN_DIALECTS_EXEC_EXEC_H
