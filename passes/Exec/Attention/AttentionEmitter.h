//===- AttentionEmitter.h - Attention in blocks of queries ------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_ATTENTION_ATTENTIONEMITTER_H
#define BURIN_PASSES_EXEC_ATTENTION_ATTENTIONEMITTER_H

#include "dialects/Exec/Exec.h"
#include "passes/Exec/Cpu.h"

namespace burin {

/// Loops and kernels instead of `op`, which is on buffers. The last dimensions of
/// extras and of the result must be contiguous.
void emitAttention(exec::AttentionOp op, const Cpu &cpu);

} // namespace burin

#endif // BURIN_PASSES_EXEC_ATTENTION_ATTENTIONEMITTER_H
