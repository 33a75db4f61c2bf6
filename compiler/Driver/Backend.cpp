//===- Backend.cpp - From an imported module to an artifact ---------------===//

#include "compiler/Driver/Backend.h"
#include "burin/abi.h"
#include "compiler/Artifact/Descriptor.h"
#include "compiler/Artifact/Header.h"
#include "compiler/Artifact/Kernels.h"
#include "compiler/Artifact/Library.h"
#include "compiler/Artifact/Link.h"
#include "compiler/Artifact/Naming.h"
#include "compiler/Artifact/Parts.h"
#include "compiler/Artifact/Weights.h"
#include "compiler/Driver/Driver.h"
#include "compiler/Pipeline/Pipeline.h"
#include "compiler/Support/ScratchFolder.h"
#include "compiler/Support/Text.h"
#include "mlir/IR/Threading.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace burin;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace {
/// From here on a weights section is a file of its own.
constexpr uint64_t maxEmbedded = uint64_t(1) << 30;

class Backend {
public:
  Backend(ModuleOp module, const CompileOptions &options, OutputFiles &outputs,
          Progress &progress, std::string &kernels)
      : module(module), options(options), outputs(outputs), progress(progress),
        kernels(kernels) {}

  Status run();

private:
  Status findLevels();
  Status runStages(Stage last);
  Status runStage(Stage stage, Level &level);
  Status printModule();
  Status reportKernels();
  Status emitCode(ModuleOp module, const CpuInfo &cpu, CodeKind kind,
                  llvm::function_ref<Status(FileWriter)> write);
  Status emitText(CodeKind kind);
  Status emitParts(std::vector<std::string> &objects);
  Status placeWeights();
  Status writeOutput();
  void nameSymbols();
  Status makeObjects(std::vector<std::string> &objects);
  Status writeArtifact();
  Status writeLibraryHeader();
  Stage getLastStage() const;

  ModuleOp module;
  const CompileOptions &options;
  OutputFiles &outputs;
  Progress &progress;
  std::string &kernels;
  const Target *target = nullptr;
  PipelineOptions pipeline;
  std::vector<Level> levels; ///< The best first, which has `module`.
  std::vector<OwningOpRef<ModuleOp>> copies; ///< What the others have.
  ModelInterface interface;
  std::vector<PlacedConstant> constants;
  WeightsInfo weights;
  SymbolNames symbols;
  std::string prefix; ///< Of the names in a library.
  ScratchFolder scratch;
};
} // namespace

Stage Backend::getLastStage() const {
  if (!options.stopAfter.empty())
    return findStage(options.stopAfter).value_or(Stage::Target);
  switch (options.emit) {
  case Emit::Linalg:
    return Stage::Linalg;
  case Emit::Exec:
    return Stage::Exec;
  default:
    return Stage::Target;
  }
}

/// Finds the processors to compile for, and sorts them.
Status Backend::findLevels() {
  std::vector<std::string> names = options.cpus;
  if (names.empty())
    names.push_back("native");
  auto isBetter = [](const Level &one, const Level &other) {
    auto getRank = [](const Level &level) {
      StringRef needs = level.cpu.needs;
      return std::make_tuple(level.cpu.vectorBits, level.cpu.level,
                             !needs.empty() + needs.count(','));
    };
    return getRank(one) > getRank(other);
  };
  for (const std::string &name : names) {
    std::string error;
    std::optional<CpuInfo> cpu = target->findCpu(name, error);
    if (!cpu)
      return {ExitCode::Usage, error};
    if (llvm::none_of(levels, [&](const Level &other) {
          return other.cpu.title == cpu->title;
        })) {
      Level level = {*cpu, module, ""};
      levels.insert(llvm::upper_bound(levels, level, isBetter), level);
    }
  }
  if (levels.size() > 1 && (isText(options.emit) || !options.stopAfter.empty()))
    return {ExitCode::Usage, "IR and assembly are those of one processor; "
                             "option --cpu names several"};
  for (Level &level : llvm::drop_begin(levels)) {
    copies.push_back(module.clone());
    level.module = *copies.back();
  }
  return {};
}

Status Backend::runStage(Stage stage, Level &level) {
  progress.begin(getStageName(stage), levels.size() > 1 ? level.cpu.title : "");
  PassManager passes(module.getContext());
  pipeline.cpu = level.cpu;
  buildStage(passes, stage, pipeline, *target);
  if (succeeded(passes.run(level.module)))
    return {};
  return Status::diagnosed(stage <= Stage::Linalg ? ExitCode::Unsupported
                                                  : ExitCode::Bug);
}

/// Runs the stages up to `last`. What they make of a model may depend on the
/// processor at any of them, so each level goes all the way.
Status Backend::runStages(Stage last) {
  for (Level &level : levels)
    for (Stage stage : getStages().drop_front()) { // The import is done.
      if (stage > last || stage == Stage::Target)
        break;
      if (Status status = runStage(stage, level); !status.isOk())
        return status;
      if (level.module != module)
        continue;
      if (stage == Stage::Exec)
        if (Status status = reportKernels(); !status.isOk())
          return status;
      if (stage == Stage::Graph) // States are formed, types are still nn's.
        interface = readInterface(module);
    }
  if (last != Stage::Target)
    return {};
  // The weights have to be taken out before.
  if (Status status = placeWeights(); !status.isOk())
    return status;
  for (Level &level : levels)
    if (Status status = runStage(Stage::Target, level); !status.isOk())
      return status;
  return {};
}

/// Tells people and programs, as far as they asked, what the kernels are.
Status Backend::reportKernels() {
  kernels.clear();
  llvm::raw_string_ostream list(kernels);
  printKernels(module, list);
  if (options.listKernels)
    progress.getMessages() << kernels;
  if (options.reportFolder.empty())
    return {};
  SmallString<128> name(options.reportFolder);
  if (std::error_code error = fs::create_directories(name))
    return {ExitCode::Machine, name + ": " + error.message()};
  path::append(name, "kernels.json");
  return outputs.write(name, [&](auto &os) { writeKernels(module, os); });
}

Status Backend::printModule() {
  OpPrintingFlags flags;
  flags.elideLargeElementsAttrs(16).elideLargeResourceString(128);
  return outputs.write(options.output, [&](auto &os) { module->print(os, flags); });
}

/// Writes the code of `module`, which may be a part of the whole, by `write`.
Status Backend::emitCode(ModuleOp module, const CpuInfo &cpu, CodeKind kind,
                         llvm::function_ref<Status(FileWriter)> write) {
  bool isDone = true;
  Status status = write([&](llvm::raw_pwrite_stream &os) {
    isDone = succeeded(target->emit(module, cpu, options.optLevel, kind, os));
  });
  return isDone ? status : Status::diagnosed(ExitCode::Bug);
}

Status Backend::emitText(CodeKind kind) {
  progress.begin("code");
  return emitCode(module, pipeline.cpu, kind, [&](FileWriter code) {
    return outputs.write(options.output, code);
  });
}

/// Compiles the code in parts, on all cores.
Status Backend::emitParts(std::vector<std::string> &objects) {
  std::vector<CodePart> parts =
      splitModule(module, prefix.empty() ? "" : prefix + "_");
  progress.begin("code");
  for (size_t i = 0; i < parts.size(); ++i)
    objects.push_back(scratch.get("code" + std::to_string(i) + ".o"));
  std::vector<Status> results(parts.size());
  MLIRContext *context = module.getContext();
  context->enableMultithreading();
  parallelFor(context, 0, parts.size(), [&](size_t i) {
    results[i] = emitCode(*parts[i].module, levels[parts[i].level].cpu,
                          CodeKind::Object, [&](FileWriter code) {
                            return writeFile(objects[i], code);
                          });
    parts[i].module = nullptr; // Its memory, for the parts to come.
  });
  context->disableMultithreading();
  for (Status &status : results)
    if (!status.isOk())
      return status;
  return {};
}

/// Takes the constants out of the module; writes those that go to a side file.
Status Backend::placeWeights() {
  if (levels.size() > 1) {
    progress.begin("share");
    SharedBytes bytes = shareConstants(levels);
    progress.setDetail(llvm::formatv("{0:F1} MB of weights, {1:F1} MB saved by sharing",
                               double(bytes.all) * 1e-6,
                               double(bytes.shared) * 1e-6)
                           .str());
  }
  if (auto bytes = module->getAttrOfType<IntegerAttr>("exec.weights_bytes"))
    weights.bytes = bytes.getInt();
  for (Level &level : levels)
    llvm::append_range(constants, takeWeights(level.module));
  llvm::sort(constants, [](const auto &a, const auto &b) {
    return a.offset < b.offset;
  });
  constants.erase(llvm::unique(constants,
                               [](const auto &a, const auto &b) {
                                 return a.offset == b.offset;
                               }),
                  constants.end());
  bool external =
      options.weights == Weights::External ||
      (options.weights == Weights::Auto && weights.bytes > maxEmbedded);
  if (!external || weights.bytes == 0 || isText(options.emit))
    return {};
  std::string name = options.output + ".weights";
  weights.file = llvm::sys::path::filename(name).str();
  std::string temporary;
  if (Status status = outputs.add(name, temporary); !status.isOk())
    return status;
  if (Status status = writeRawWeights(constants, weights.bytes, temporary);
      !status.isOk())
    return status;
  auto mapped = llvm::MemoryBuffer::getFile(temporary, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!mapped)
    return {ExitCode::Machine, temporary + ": " + mapped.getError().message()};
  weights.hash =
      llvm::xxh3_64bits(llvm::arrayRefFromStringRef((*mapped)->getBuffer()));
  return {};
}

/// What goes into a library is called by its file, so that a program can link
/// several; what the runtime opens has the name that it looks for.
void Backend::nameSymbols() {
  symbols.descriptor = BURIN_MODEL_SYMBOL;
  if (options.emit != Emit::Lib)
    return;
  prefix = toIdentifier(path::stem(options.output), "model");
  symbols.descriptor = prefix + "_model";
  symbols.weights = prefix + "_weights";
}

/// Compiles what the artifact consists of.
Status Backend::makeObjects(std::vector<std::string> &objects) {
  if (Status status = emitParts(objects);
      !status.isOk() || weights.bytes == 0 || !weights.file.empty())
    return status;
  objects.push_back(scratch.get("weights.o"));
  return writeWeightsObject(constants, weights.bytes, target->getElfMachine(),
                            symbols.weights, objects.back());
}

/// Copies a file in one piece, so that it lies in memory as the linker's does.
static Status copyAtOnce(StringRef from, StringRef to) {
  auto contents = llvm::MemoryBuffer::getFile(from, /*IsText=*/false,
                                              /*RequiresNullTerminator=*/false);
  if (!contents)
    return {ExitCode::Machine, from + ": " + contents.getError().message()};
  return writeFile(to, [&](raw_ostream &os) { os << (*contents)->getBuffer(); });
}

Status Backend::writeArtifact() {
  std::vector<std::string> objects;
  if (Status status = makeObjects(objects); !status.isOk())
    return status;
  progress.begin("link");
  std::string file = scratch.get("artifact"), temporary;
  LinkJob job = {*target, scratch.getFolder(), file};
  Status status = options.emit == Emit::Lib
                      ? writeLibrary(objects, *target, file)
                  : options.emit == Emit::Exe ? linkProgram(objects, job)
                  : options.emit == Emit::Obj ? linkObject(objects, job)
                                              : linkShared(objects, job);
  if (!status.isOk())
    return status;
  if (status = outputs.add(options.output, temporary); !status.isOk())
    return status;
  std::error_code error = fs::rename(file, temporary);
  if (error == std::errc::cross_device_link) {
    if (status = copyAtOnce(file, temporary); !status.isOk())
      return status;
    // As the linker left it: programs may be executed.
    auto permissions = fs::getPermissions(file);
    error = permissions ? fs::setPermissions(temporary, *permissions)
                        : permissions.getError();
  }
  if (error)
    return {ExitCode::Machine, temporary + ": " + error.message()};
  return options.emit == Emit::Lib ? writeLibraryHeader() : Status();
}

/// The header lies beside the library, with its name.
Status Backend::writeLibraryHeader() {
  SmallString<128> name(options.output);
  path::replace_extension(name, "h");
  if (name == options.output)
    return {ExitCode::Usage, "output '" + options.output +
                                 "' is what its header would be called"};
  return outputs.write(name, [&](auto &os) {
    writeHeader(interface, weights, prefix, path::filename(options.output), os);
  });
}

Status Backend::writeOutput() {
  if (options.emit != Emit::Llvm && options.emit != Emit::Asm)
    return writeArtifact();
  return emitText(options.emit == Emit::Llvm ? CodeKind::LLVM
                                             : CodeKind::Assembly);
}

Status Backend::run() {
  target = findTarget(options.target);
  if (!target)
    return {ExitCode::Usage, "target '" + options.target + "' is not done yet"};
  DialectRegistry registry;
  registerDialects(registry);
  module.getContext()->appendDialectRegistry(registry);
  if (failed(target->canCompile(module)))
    return Status::diagnosed(ExitCode::Unsupported);
  if (Status status = findLevels(); !status.isOk())
    return status;
  if (Status status = scratch.open(); !status.isOk())
    return status;
  pipeline.formStates = options.findState;
  for (const StatePattern &pattern : options.states)
    pipeline.statePatterns.push_back(pattern.input + "=" + pattern.output);
  if (options.stateCapacity)
    pipeline.stateCapacity = options.stateCapacity;
  pipeline.strictMath = options.math == Math::Strict;
  pipeline.fastMath = options.math == Math::Fast;
  Stage last = getLastStage();
  if (Status status = runStages(last); !status.isOk())
    return status;
  if (last != Stage::Target || !options.stopAfter.empty())
    return printModule();
  nameSymbols();
  joinLevels(levels);
  addDescriptor(module, interface, weights, *target, levels, symbols);
  return writeOutput();
}

Status burin::compileModule(ModuleOp module, const CompileOptions &options,
                            OutputFiles &outputs, Progress &progress,
                            std::string &kernels) {
  return Backend(module, options, outputs, progress, kernels).run();
}
