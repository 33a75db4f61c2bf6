//===- options.cpp - What the command line asks for -----------------------===//

#include "options.h"
#include "help.h"
#include "text.h"
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <getopt.h>

using namespace burin_run;

namespace {

enum Option {
  OptEntry = 256,
  OptCpu,
  OptInput,
  OptExpect,
  OptFill,
  OptSeed,
  OptDim,
  OptOutputDir,
  OptRtol,
  OptAtol,
  OptRepeat,
  OptWarmup,
  OptThreads,
  OptStreams,
  OptProfileOut,
  OptTrace,
  OptJson,
  OptDescribe,
  OptHelp,
  OptVersion,
};

const option longOptions[] = {
    {"entry", required_argument, nullptr, OptEntry},
    {"cpu", required_argument, nullptr, OptCpu},
    {"input", required_argument, nullptr, OptInput},
    {"expect", required_argument, nullptr, OptExpect},
    {"fill", required_argument, nullptr, OptFill},
    {"seed", required_argument, nullptr, OptSeed},
    {"dim", required_argument, nullptr, OptDim},
    {"output-dir", required_argument, nullptr, OptOutputDir},
    {"rtol", required_argument, nullptr, OptRtol},
    {"atol", required_argument, nullptr, OptAtol},
    {"repeat", required_argument, nullptr, OptRepeat},
    {"warmup", required_argument, nullptr, OptWarmup},
    {"threads", required_argument, nullptr, OptThreads},
    {"streams", required_argument, nullptr, OptStreams},
    {"profile-out", required_argument, nullptr, OptProfileOut},
    {"trace", required_argument, nullptr, OptTrace},
    {"json", no_argument, nullptr, OptJson},
    {"describe", no_argument, nullptr, OptDescribe},
    {"help", no_argument, nullptr, OptHelp},
    {"version", no_argument, nullptr, OptVersion},
    {}};

const char *nameOf(int code) {
  for (const option &candidate : longOptions)
    if (candidate.val == code)
      return candidate.name;
  return "?";
}

/// Digits alone, between the bounds.
template <typename T>
bool parseWhole(int code, const char *text, uint64_t least, uint64_t most,
                T &out) {
  char *end = nullptr;
  errno = 0;
  bool startsWell = text[0] >= '0' && text[0] <= '9';
  unsigned long long value = startsWell ? strtoull(text, &end, 10) : 0;
  if (!startsWell || *end || errno == ERANGE || value < least || value > most) {
    complain("--%s expects a whole number from %llu to %llu, got '%s'",
             nameOf(code), static_cast<unsigned long long>(least),
             static_cast<unsigned long long>(most), text);
    return false;
  }
  out = T(value);
  return true;
}

bool parseTolerance(int code, const char *text, double &out) {
  char *end = nullptr;
  double value = strtod(text, &end);
  if (end == text || *end || !std::isfinite(value) || value < 0) {
    complain("--%s expects a number of at least 0, got '%s'", nameOf(code),
             text);
    return false;
  }
  out = value;
  return true;
}

/// NAME=REST, the name decoded.
bool splitName(int code, const std::string &text, const char *rest,
               std::string &name, std::string &value) {
  size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    complain("--%s expects NAME=%s, got '%s'", nameOf(code), rest,
             text.c_str());
    return false;
  }
  name = percentDecode(text.substr(0, equals));
  value = text.substr(equals + 1);
  return true;
}

bool parseFile(int code, const char *text, std::vector<NamedFile> &out) {
  NamedFile result;
  if (!splitName(code, text, "FILE.npy", result.name, result.file))
    return false;
  if (result.file.empty()) {
    complain("--%s %s: empty optionals are not supported yet", nameOf(code),
             text);
    return false;
  }
  for (const NamedFile &other : out)
    if (other.name == result.name) {
      complain("--%s names '%s' twice", nameOf(code), result.name.c_str());
      return false;
    }
  out.push_back(result);
  return true;
}

bool parseDim(int code, const char *text, std::vector<NamedSize> &out) {
  NamedSize result;
  std::string size;
  if (!splitName(code, text, "SIZE", result.name, size) ||
      !parseWhole(code, size.c_str(), 0, INT64_MAX, result.size))
    return false;
  out.push_back(result);
  return true;
}

bool parseFill(const std::string &text, Fill &out) {
  if (text == "random")
    out = Fill::Random;
  else if (text == "zeros")
    out = Fill::Zeros;
  else if (text == "ones")
    out = Fill::Ones;
  else
    complain("--fill expects random, zeros or ones, got '%s'", text.c_str());
  return out != Fill::None;
}

/// False where the option's value makes no sense.
bool parseOption(int code, const char *text, Options &out) {
  constexpr uint64_t maxRuns = 10'000'000; // Each has its latency kept.
  switch (code) {
  case OptEntry:
    out.entry = text;
    return true;
  case OptCpu:
    out.cpu = text;
    return true;
  case OptInput:
    return parseFile(code, text, out.inputs);
  case OptExpect:
    return parseFile(code, text, out.expects);
  case OptFill:
    return parseFill(text, out.fill);
  case OptSeed:
    return parseWhole(code, text, 0, UINT64_MAX, out.seed);
  case OptDim:
    return parseDim(code, text, out.dims);
  case OptOutputDir:
    out.outputDir = text;
    if (out.outputDir.empty())
      complain("--output-dir expects a folder, got ''");
    return !out.outputDir.empty();
  case OptRtol:
    return parseTolerance(code, text, out.rtol);
  case OptAtol:
    return parseTolerance(code, text, out.atol);
  case OptRepeat:
    return parseWhole(code, text, 1, maxRuns, out.repeat);
  case OptWarmup:
    return parseWhole(code, text, 0, maxRuns, out.warmup);
  case OptThreads:
    return parseWhole(code, text, 1, 1024, out.threads);
  case OptStreams:
    return parseWhole(code, text, 1, 1024, out.streams);
  case OptJson:
    return out.json = true;
  case OptDescribe:
    return out.describe = true;
  case OptTrace:
    out.trace = text;
    if (out.trace.empty())
      complain("--trace expects a file, got ''");
    return !out.trace.empty();
  case OptProfileOut:
    complain("--%s is not supported yet", nameOf(code));
    return false;
  }
  complain("unknown or incomplete option; --help lists all");
  return false;
}

void printHelp(bool isLinked) {
  fputs(isLinked ? linkedUsageText : usageText, stdout);
  fputs(helpText, stdout);
  if (!isLinked)
    fputs(examplesText, stdout);
}

int readArtifact(int count, char **names, bool isLinked, Options &out) {
  if (count == !isLinked) {
    out.artifact = isLinked ? "" : names[0];
    return ExitDone;
  }
  if (isLinked)
    complain("expects options only, got '%s'; see --help", names[0]);
  else
    complain("expects one artifact, got %d; see burin-run --help", count);
  return ExitUsage;
}

} // namespace

int burin_run::parseOptions(int argc, char **argv, bool isLinked,
                            Options &out) {
  opterr = 0; // Its messages would print the argument as it is.
  for (int code;
       (code = getopt_long(argc, argv, ":", longOptions, nullptr)) != -1;) {
    if (code == OptHelp || code == OptVersion) {
      if (code == OptVersion)
        fputs(versionText, stdout);
      else
        printHelp(isLinked);
      out.isDone = true;
      return ExitDone;
    }
    if (code == '?' || code == ':') {
      // optopt has a short option's letter; a long one has been stepped over.
      bool isShort = optopt > 0 && optopt < 256;
      std::string what =
          isShort ? std::string{'-', char(optopt)} : argv[optind - 1];
      if (code == '?')
        complain("unknown option '%s'; see --help", what.c_str());
      else
        complain("option '%s' expects a value", what.c_str());
      return ExitUsage;
    }
    if (!parseOption(code, optarg, out))
      return ExitUsage;
  }
  if (out.streams > 1 && !out.trace.empty()) {
    complain("--trace expects one stream, got --streams %d", out.streams);
    return ExitUsage;
  }
  return readArtifact(argc - optind, argv + optind, isLinked, out);
}
