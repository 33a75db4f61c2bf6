#ifndef BURIN_DIALECTS_EXEC_EXECDIALECT_TD
#define BURIN_DIALECTS_EXEC_EXECDIALECT_TD

include "mlir/IR/OpBase.td"

def Exec_Dialect : Dialect {
  let name = "exec";
  let cppNamespace = "::burin::exec";
  let summary = "What runs where, in which memory";
  let description = [{
    The launch plan of an entry: where its tensors lie, which loops run on many
    threads, what is checked, which library kernels are called. Its ops mirror
    `burin/abi.h`: `exec.input`, `exec.output`, `exec.arena`, `exec.constant`,
    `exec.state` are the fields of `burin_call`, `exec.parallel`,
    `exec.allocate`, `exec.release` and `exec.check` its services.
  }];
}

#endif // BURIN_DIALECTS_EXEC_EXECDIALECT_TD
