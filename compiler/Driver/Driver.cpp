//===- Driver.cpp - A model in, an artifact out ---------------------------===//

#include "compiler/Driver/Driver.h"
#include "compiler/Driver/Backend.h"
#include "compiler/Driver/Cache.h"
#include "compiler/Driver/CacheKey.h"
#include "compiler/Import/Onnx/Model.h"
#include "compiler/Support/NodeDiagnostics.h"
#include "compiler/Support/Text.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace burin;

/// Constants longer than this are elided in printed IR.
static constexpr int64_t maxPrinted = 16;

bool burin::isText(Emit emit) {
  return emit == Emit::NN || emit == Emit::Linalg || emit == Emit::Exec ||
         emit == Emit::Llvm || emit == Emit::Asm || emit == Emit::Ptx;
}

std::string burin::getDefaultOutput(StringRef model, Emit emit) {
  if (isText(emit))
    return "-";
  StringRef stem = sys::path::stem(model);
  switch (emit) {
  case Emit::Obj:
    return (stem + ".o").str();
  case Emit::Lib:
    return (stem + ".a").str();
  case Emit::Exe:
    return stem.str();
  case Emit::Hls:
    return (stem + "-hls").str();
  default:
    return (stem + ".so").str();
  }
}

/// Writes the IR as it stands.
static Status printModule(mlir::ModuleOp module, const CompileOptions &options,
                          OutputFiles &outputs) {
  // As if inside another op: the printer would else write out all resources,
  // only to throw the text of the large ones away.
  mlir::OpPrintingFlags flags;
  flags.elideLargeElementsAttrs(maxPrinted).useLocalScope();
  return outputs.write(options.output, [&](auto &os) {
    module->print(os, flags);
    os << "\n";
  });
}

static Status run(const CompileOptions &options, mlir::MLIRContext &context,
                  OutputFiles &outputs, Progress &progress) {
  if (options.output != "-")
    if (Status status = OutputFiles::check(options.output); !status.isOk())
      return status;
  progress.begin("read");
  std::unique_ptr<Model> model;
  if (Status status = Model::read(options.model, model); !status.isOk())
    return {status.getCode(), escape(options.model) + ": " + status.getText()};
  progress.begin("import");
  ExitCode code = ExitCode::Done;
  mlir::OwningOpRef<mlir::ModuleOp> module =
      importModel(*model, options.import, &context, code);
  if (!module)
    return Status::diagnosed(code);
  bool wantsGraph = options.stopAfter.empty() && options.emit == Emit::NN;
  if (options.stopAfter == "import" || wantsGraph) {
    progress.begin("print");
    return printModule(*module, options, outputs);
  }
  // A report is made as the model is compiled, and text is for a look at it.
  bool isCached = !options.cacheFolder.empty() && !isText(options.emit) &&
                  options.stopAfter.empty() && options.reportFolder.empty();
  std::string key, kernels;
  Cache cache(options.cacheFolder);
  if (isCached) {
    progress.begin("cache");
    key = makeCacheKey(options, *model);
    bool isHit = !key.empty() && cache.load(key, options.output, outputs, kernels);
    progress.setDetail(isHit ? "hit" : "miss");
    if (isHit && options.listKernels)
      progress.getMessages() << kernels;
    if (isHit)
      return {};
  }
  // What is said once would not be said again.
  bool isSilent = true;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &) {
    isSilent = false;
    return mlir::failure();
  });
  Status status = compileModule(*module, options, outputs, progress, kernels);
  if (!key.empty() && status.isOk() && isSilent) {
    progress.begin("keep");
    cache.store(key, options.output, outputs, kernels);
  }
  return status;
}

ExitCode burin::compile(const CompileOptions &options, Progress &progress) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  context.printOpOnDiagnostic(false);
  raw_ostream &messages = progress.getMessages();
  NodeDiagnosticHandler handler(&context, messages);
  OutputFiles outputs;
  Status status = run(options, context, outputs, progress);
  if (status.isOk())
    status = outputs.commit();
  progress.finish();
  if (!status.getText().empty())
    messages << "burinc: error: " << escape(status.getText()) << "\n";
  return status.getCode();
}
