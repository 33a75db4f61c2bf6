//===- Options.h - What one compilation shall do ----------------*- C++ -*-===//

#ifndef BURIN_COMPILER_DRIVER_OPTIONS_H
#define BURIN_COMPILER_DRIVER_OPTIONS_H

#include "compiler/Import/Importer.h"

namespace burin {

/// What to write.
enum class Emit {
  NN,
  Linalg,
  Exec,
  Llvm,
  Asm,
  Obj,
  Shared,
  Lib,
  Exe,
  Ptx,
  Hls
};

/// Where the weights go. Auto: into the artifact, unless it were over 1 GiB.
enum class Weights { Auto, Embedded, External };

/// How exact the functions of real numbers are.
enum class Math { Strict, Default, Fast };

/// An input and an output of the graph that are one state.
struct StatePattern {
  std::string input, output; ///< May have `*` in it.
};

/// The user's choices; `burinc` fills it from flags, tests fill it by hand.
struct CompileOptions {
  std::string model;
  std::string output; ///< "-": standard output, for text.
  ImportOptions import;
  std::string target = "x86";
  std::vector<std::string> cpus; ///< Of several, the artifact picks at load.
  Emit emit = Emit::Shared;
  std::string stopAfter; ///< A stage's name; empty: none.
  unsigned optLevel = 3;
  unsigned threadsHint = 0; ///< Threads the code will run on; 0: not known.
  Weights weights = Weights::Auto;
  Math math = Math::Default;
  bool findState = true; ///< False: caches stay inputs and outputs.
  std::vector<StatePattern> states;
  int64_t stateCapacity = 0; ///< Tokens; 0: the model says.
  std::string cacheFolder; ///< Empty: nothing is kept.
  bool listKernels = false; ///< To people, as they are known.
  std::string reportFolder; ///< Empty: no report.
};

} // namespace burin

#endif // BURIN_COMPILER_DRIVER_OPTIONS_H
