//===- main.cpp - burinc, the model compiler ------------------------------===//

#include "compiler/Driver/Crash.h"
#include "compiler/Driver/Driver.h"
#include "compiler/Support/Text.h"
#include "tools/burinc/Options.h"

int main(int argc, char **argv) {
  burin::installCrashHandlers();
  CommandLine line;
  burin::Status status = parseCommandLine(argc, argv, line);
  if (!status.isOk()) {
    llvm::errs() << "burinc: error: " << burin::escape(status.getText(), 1000)
                 << "\n";
    return int(status.getCode());
  }
  burin::Progress progress(llvm::errs(), line.progress);
  return int(burin::compile(line.compile, progress));
}
