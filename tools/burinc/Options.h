//===- Options.h - The command line of burinc -------------------*- C++ -*-===//

#ifndef BURIN_TOOLS_BURINC_OPTIONS_H
#define BURIN_TOOLS_BURINC_OPTIONS_H

#include "compiler/Driver/Options.h"
#include "compiler/Support/Progress.h"

/// What burinc was asked for.
struct CommandLine {
  burin::CompileOptions compile;
  burin::Progress::Settings progress;
};

/// Reads the arguments; answers --help and --version by itself and exits.
burin::Status parseCommandLine(int argc, char **argv, CommandLine &line);

/// The text around the list of options that --help prints.
extern const char *const helpOverview;
extern const char *const helpExamples;
void printVersion(llvm::raw_ostream &os);

#endif // BURIN_TOOLS_BURINC_OPTIONS_H
