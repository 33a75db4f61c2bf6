//===- Options.cpp - The command line of burinc ---------------------------===//

#include "tools/burinc/Options.h"
#include "compiler/Driver/Driver.h"
#include "compiler/Driver/OptionText.h"
#include "compiler/Pipeline/Pipeline.h"
#include "compiler/Support/Text.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Path.h"
#include <unistd.h>

using namespace llvm;
using namespace burin;

namespace {
/// All of them; made by the main program, not before it.
struct Flags {
  cl::OptionCategory all{"Options"};
  using Text = cl::opt<std::string>;
  using Texts = cl::list<std::string>;
  using Flag = cl::opt<bool>;

  Text model{cl::Positional, cl::Required, cl::desc("MODEL.onnx"),
             cl::cat(all)};
  Text output{"o", cl::value_desc("file"), cl::cat(all),
              cl::desc("What to write (default: MODEL.so and the like; text to "
                       "standard output)")};
  Text target{"target", cl::init("x86"), cl::value_desc("x86|arm|cuda|hls"),
              cl::cat(all), cl::desc("What to compile for (default: x86)")};
  Text cpu{"cpu", cl::init("native"), cl::value_desc("name[+feature],..."),
           cl::cat(all),
           cl::desc("Processors to compile for; the artifact picks the best that "
                    "it finds where it is loaded (default: native)")};
  Text emit{
      "emit", cl::value_desc("kind"), cl::cat(all),
      cl::desc("nn, linalg, exec, llvm, asm, obj, shared, lib, exe, ptx or "
               "hls (default: shared)")};
  Text stopAfter{"stop-after", cl::value_desc("stage"), cl::cat(all),
                 cl::desc("Print the IR after a stage, and stop")};
  Texts dims{"dim", cl::value_desc("name=size"), cl::cat(all),
             cl::desc("Bind a symbolic dimension")};
  Texts shapes{"shape", cl::value_desc("input=2x3x?"), cl::cat(all),
               cl::desc("Bind the shape of an input")};
  Texts entries{"entry", cl::value_desc("name:dim=size,..."), cl::cat(all),
                cl::desc("Make a function with dimensions of its own")};
  Text level{"O",           cl::Prefix,
             cl::init("3"), cl::value_desc("0..3"),
             cl::cat(all),  cl::desc("Optimization level (default: 3)")};
  Text threads{
      "threads-hint", cl::init("0"), cl::value_desc("n"), cl::cat(all),
      cl::desc("Threads that the code will run on (default: unknown)")};
  Text weights{"weights", cl::value_desc("embedded|external"), cl::cat(all),
               cl::desc("Weights in the artifact or in a file beside it "
                        "(default: embedded up to 1 GiB)")};
  Text math{"math", cl::init("default"), cl::value_desc("strict|default|fast"),
            cl::cat(all), cl::desc("How exact real functions are")};
  Texts states{"state", cl::value_desc("input=output|none"), cl::cat(all),
               cl::desc("Inputs and outputs that are one state; '*' stands for "
                        "the same text in both")};
  Text capacity{"state-capacity", cl::init("0"), cl::value_desc("n"),
                cl::cat(all), cl::desc("Tokens that a state holds at most")};
  Flag noCache{"no-cache", cl::cat(all),
               cl::desc("Neither read nor write $XDG_CACHE_HOME/burin, where "
                        "artifacts are kept (up to 4 GiB, the oldest go)")};
  Text maxNodes{"max-nodes", cl::init("250000"), cl::value_desc("n"),
                cl::cat(all),
                cl::desc("Refuse larger models, functions inlined (default: "
                         "250000)")};
  Flag time{"time", cl::cat(all), cl::desc("Print the seconds of each stage")};
  Flag verbose{"v", cl::cat(all),
               cl::desc("Print one line per stage, and the kernels with their "
                        "operations and bytes")};
  Text report{"report", cl::value_desc("folder"), cl::cat(all),
              cl::desc("Write kernels.json there: what each kernel calculates "
                       "and touches")};

  // Of later releases; known, so that they are not mistaken for typing errors.
  Texts quantize{"quantize", cl::cat(all), cl::Hidden};
  Texts attention{"attention", cl::cat(all), cl::Hidden};
  Texts skip{"skip", cl::cat(all), cl::Hidden};
  Texts fuse{"fuse", cl::cat(all), cl::Hidden};
  Texts profile{"profile", cl::cat(all), cl::Hidden};
  Flag observe{"observe", cl::cat(all), cl::Hidden};
};

/// Runs one step after the other until one fails.
struct Steps {
  Status status;
  template <typename F>
  Steps &then(F &&step) {
    if (status.isOk())
      status = step();
    return *this;
  }
};
} // namespace

/// Forgets the options of LLVM's libraries: some have the names of ours, and
/// nobody may come to rely on the others.
static void forgetLibraryOptions() {
  SmallVector<cl::Option *> others;
  for (auto &entry : cl::getRegisteredOptions())
    if (entry.first() != "help" && entry.first() != "version")
      others.push_back(entry.second);
  for (cl::Option *option : others)
    option->removeArgument();
}

static Status refuse(const Twine &text) { return {ExitCode::Usage, text}; }

/// What the design has and this release has not.
static Status checkLater(const Flags &flags) {
  for (const cl::Option *option :
       {(const cl::Option *)&flags.quantize,
        (const cl::Option *)&flags.attention, (const cl::Option *)&flags.skip,
        (const cl::Option *)&flags.fuse, (const cl::Option *)&flags.profile,
        (const cl::Option *)&flags.observe})
    if (option->getNumOccurrences())
      return refuse("option --" + option->ArgStr + " is not there yet");
  return {};
}

static Status readTarget(const Flags &flags, CompileOptions &options) {
  options.target = flags.target;
  if (!is_contained({"x86", "arm", "cuda", "hls"}, options.target))
    return refuse("option --target expects x86, arm, cuda or hls, got '" +
                  escapeName(options.target) + "'");
  SmallVector<StringRef> cpus;
  StringRef(flags.cpu).split(cpus, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  if (cpus.empty())
    return refuse("option --cpu expects a processor");
  options.cpus.assign(cpus.begin(), cpus.end());
  return {};
}

static Status readStop(const Flags &flags, CompileOptions &options) {
  options.stopAfter = flags.stopAfter;
  if (flags.stopAfter.getNumOccurrences() == 0 || findStage(options.stopAfter))
    return {};
  std::string names;
  for (Stage stage : getStages())
    names += (names.empty() ? "" : ", ") + getStageName(stage).str();
  return refuse("option --stop-after expects one of " + names + ", got '" +
                escapeName(options.stopAfter) + "'");
}

/// Reads each text of `texts` into a new item of `items`.
template <typename T, typename Parse>
static Status readEach(const cl::list<std::string> &texts,
                       std::vector<T> &items, Parse parse) {
  for (const std::string &text : texts)
    if (Status status = parse(text, items.emplace_back()); !status.isOk())
      return status;
  return {};
}

static Status readImport(const Flags &flags, ImportOptions &options) {
  auto readDim = [](StringRef text, ImportOptions::Dim &dim) {
    return parseDim("--dim", text, dim);
  };
  return Steps()
      .then([&] { return readEach(flags.dims, options.dims, readDim); })
      .then([&] { return readEach(flags.shapes, options.shapes, parseShape); })
      .then(
          [&] { return readEach(flags.entries, options.entries, parseEntry); })
      .then([&] {
        return parseNumber("--max-nodes", flags.maxNodes, 1, INT32_MAX,
                           options.maxNodes);
      })
      .status;
}

static Status readStates(const Flags &flags, CompileOptions &options) {
  if (is_contained(flags.states, "none")) {
    options.findState = false;
    return flags.states.size() == 1
               ? Status()
               : refuse("option --state=none excludes other states");
  }
  if (Status status = readEach(flags.states, options.states, parseState);
      !status.isOk())
    return status;
  return parseNumber("--state-capacity", flags.capacity, 0, INT32_MAX,
                     options.stateCapacity);
}

static Status readOutput(const Flags &flags, CompileOptions &options) {
  options.model = flags.model;
  // A look at the IR is what a stage is stopped after for.
  options.emit = options.stopAfter.empty() ? Emit::Shared : Emit::NN;
  if (flags.emit.getNumOccurrences())
    if (Status status = parseEmit(flags.emit, options.emit); !status.isOk())
      return status;
  options.output = flags.output;
  if (flags.output.getNumOccurrences() == 0)
    options.output = getDefaultOutput(options.model, options.emit);
  if (options.output.empty())
    return refuse("option -o expects a file");
  if (options.output == "-" && !isText(options.emit))
    return refuse("standard output is for text; give a file with -o");
  return {};
}

/// As the XDG Base Directory Specification has it.
static std::string getCacheFolder() {
  SmallString<128> folder;
  const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  if (base && sys::path::is_absolute(base))
    sys::path::append(folder, base, "burin");
  else if (home && sys::path::is_absolute(home))
    sys::path::append(folder, home, ".cache", "burin");
  return folder.str().str();
}

static Status readNumbers(const Flags &flags, CompileOptions &options) {
  int64_t level = 0, threads = 0;
  Status status =
      Steps()
          .then([&] { return parseNumber("-O", flags.level, 0, 3, level); })
          .then([&] {
            return parseNumber("--threads-hint", flags.threads, 0, 1 << 16,
                               threads);
          })
          .then([&] { return parseMath(flags.math, options.math); })
          .then([&] {
            return flags.weights.getNumOccurrences()
                       ? parseWeights(flags.weights, options.weights)
                       : Status();
          })
          .status;
  options.optLevel = level;
  options.threadsHint = threads;
  options.listKernels = flags.verbose;
  options.reportFolder = flags.report;
  if (!flags.noCache)
    options.cacheFolder = getCacheFolder();
  return status;
}

Status parseCommandLine(int argc, char **argv, CommandLine &line) {
  forgetLibraryOptions();
  static Flags flags;
  static cl::extrahelp examples(helpExamples);
  cl::SetVersionPrinter(printVersion);
  std::string errors;
  raw_string_ostream os(errors);
  if (!cl::ParseCommandLineOptions(argc, argv, helpOverview, &os))
    return refuse(StringRef(os.str()).rtrim());
  line.progress = {flags.verbose, flags.time, isatty(STDERR_FILENO) != 0};
  CompileOptions &options = line.compile;
  return Steps()
      .then([&] { return checkLater(flags); })
      .then([&] { return readTarget(flags, options); })
      .then([&] { return readStop(flags, options); })
      .then([&] { return readImport(flags, options.import); })
      .then([&] { return readStates(flags, options); })
      .then([&] { return readNumbers(flags, options); })
      .then([&] { return readOutput(flags, options); })
      .status;
}
