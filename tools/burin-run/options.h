//===- options.h - What the command line asks for ---------------*- C++ -*-===//

#ifndef BURIN_RUN_OPTIONS_H
#define BURIN_RUN_OPTIONS_H

#include <cstdint>
#include <string>
#include <vector>

namespace burin_run {

/// Burin's exit codes.
enum ExitCode {
  ExitDone = 0,
  ExitDiffers = 1,
  ExitUsage = 2,
  ExitBadFile = 3,
  ExitMachine = 5,
};

enum class Fill { None, Random, Zeros, Ones };

struct NamedFile {
  std::string name; // decoded
  std::string file;
};

struct NamedSize {
  std::string name;
  int64_t size;
};

struct Options {
  std::string artifact;
  std::string entry; // Empty: the first.
  std::string cpu;   // Empty: the best that this machine has.
  std::vector<NamedFile> inputs;
  std::vector<NamedFile> expects;
  std::vector<NamedSize> dims;
  std::string outputDir;
  std::string trace; // Empty: none.
  Fill fill = Fill::None;
  uint64_t seed = 0;
  double rtol = -1; // Negative: by the element type.
  double atol = -1;
  int64_t repeat = 1;
  int64_t warmup = 0;
  int32_t threads = 0; // of a stream
  int32_t streams = 1;
  bool json = false;
  bool describe = false;
  bool isDone = false; // --help or --version said all.
};

/// Complains about what it does not understand. An ExitCode. No artifact is
/// named where the model `isLinked` into the program.
int parseOptions(int argc, char **argv, bool isLinked, Options &out);

} // namespace burin_run

#endif // BURIN_RUN_OPTIONS_H
