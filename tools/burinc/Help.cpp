//===- Help.cpp - What burinc says of itself ------------------------------===//

#include "tools/burinc/Options.h"
#include "llvm/Config/llvm-config.h"

const char *const helpOverview =
    "Burin compiles an ONNX model to native code.\n\n"
    "  burinc MODEL.onnx -o model.so     then: burin-run model.so --fill "
    "random\n";

const char *const helpExamples = R"(
EXAMPLES:
  burinc resnet50.onnx
      Writes resnet50.so for this machine's processor. Dimensions that the model
      leaves open stay open.
  burinc bert.onnx --dim batch=1 --dim sequence=128 -o bert.so
      Binds two symbolic dimensions: known shapes make faster code.
  burinc detector.onnx --shape image=1x3x?x?
      The same by input; '?' leaves a size as the model has it.
  burinc gpt2.onnx --entry prefill:seq=? --entry decode:seq=1
      Two functions over the same weights.
  burinc model.onnx --cpu=x86-64-v3
      Code for any x86 with AVX2, not only for this machine's processor.
  burinc model.onnx --cpu=x86-64-v3,x86-64-v4+vnni
      Code for both: the best that a machine has runs there. Each processor adds
      its code and the weights that are packed for its kernels alone, up to the
      size of all weights; others are shared. -v tells how much.
  burinc model.onnx --emit=nn
      Prints the graph as Burin sees it. --stop-after=STAGE prints the IR there.

CACHE:
  What was compiled once is copied from $XDG_CACHE_HOME/burin (or
  ~/.cache/burin) when the same model, its side files and the options that matter
  come to the same burinc again; -v says "hit" or "miss". At most 4 GiB are kept:
  those used longest ago go first, and artifacts over 1 GiB are never kept.
  --no-cache leaves the folder alone. It may be deleted at any time. Text
  (--emit=asm and so on) and --report always come from compiling.

EXIT CODES:
  0  done
  2  the command line is wrong
  3  the model, or a file that it needs, is wrong
  4  the model is valid, but Burin does not compile it: every reason is listed
  5  the machine: disk, memory, or a model too big for it
  70 a bug in Burin
)";

void printVersion(llvm::raw_ostream &os) {
  os << "burinc 0.1 (LLVM " << LLVM_VERSION_STRING << ", ONNX "
     << BURIN_ONNX_VERSION << ")\n";
}
