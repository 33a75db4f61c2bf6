//===- LlvmTarget.cpp - What the targets that LLVM serves share -----------===//

#include "targets/Llvm/LlvmTarget.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "targets/Llvm/Passes.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"

using namespace mlir;
using namespace burin;

void LlvmTarget::registerDialects(DialectRegistry &registry) const {
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

static const llvm::Target *findLlvmTarget(StringRef triple) {
  static const bool initialized = [] {
    llvm::InitializeAllTargetInfos();
    llvm::InitializeAllTargets();
    llvm::InitializeAllTargetMCs();
    llvm::InitializeAllAsmPrinters();
    return true;
  }();
  (void)initialized;
  std::string error;
  return llvm::TargetRegistry::lookupTarget(triple.str(), error);
}

std::unique_ptr<llvm::TargetMachine>
LlvmTarget::createMachine(const CpuInfo &cpu, int optLevel) const {
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Fast; // mul + add may be one fma.
  auto level = optLevel == 0   ? llvm::CodeGenOptLevel::None
               : optLevel == 1 ? llvm::CodeGenOptLevel::Less
                               : llvm::CodeGenOptLevel::Default;
  return std::unique_ptr<llvm::TargetMachine>(
      findLlvmTarget(getTriple())
          ->createTargetMachine(getTriple(), cpu.name, cpu.features, options,
                                llvm::Reloc::PIC_, std::nullopt, level));
}

/// Whether LLVM knows every "+feature" of `extra`.
static bool checkFeatures(const llvm::MCSubtargetInfo &info,
                          ArrayRef<std::string> extra, std::string &error) {
  for (StringRef feature : extra)
    if (llvm::none_of(info.getAllProcessorFeatures(), [&](const auto &known) {
          return feature.drop_front() == known.Key;
        })) {
      error = ("feature '" + feature.drop_front() + "' is not known").str();
      return false;
    }
  return true;
}

std::optional<CpuInfo> LlvmTarget::findCpu(StringRef text,
                                           std::string &error) const {
  size_t end = std::min(text.find_first_of("+"), text.size());
  StringRef name = text.take_front(end);
  CpuInfo cpu;
  llvm::SubtargetFeatures features;
  bool isHost = StringRef(llvm::sys::getDefaultTargetTriple())
                    .starts_with(getTriple().split('-').first);
  if (name.empty() || name == "native") {
    cpu.name = isHost ? llvm::sys::getHostCPUName().str() : getDefaultCpu().str();
    if (isHost)
      for (const auto &feature : llvm::sys::getHostCPUFeatures())
        features.AddFeature(feature.getKey(), feature.getValue());
  } else {
    cpu.name = name.str();
  }
  cpu.title = cpu.name + text.drop_front(end).str();
  const llvm::Target *target = findLlvmTarget(getTriple());
  std::unique_ptr<llvm::MCSubtargetInfo> generic(
      target->createMCSubtargetInfo(getTriple(), "", ""));
  if (!generic->isCPUStringValid(cpu.name)) {
    error = "CPU '" + cpu.name + "' is not known to target '" +
            getName().str() + "'";
    return std::nullopt;
  }
  auto getEnabled = [&] {
    std::unique_ptr<llvm::MCSubtargetInfo> info(target->createMCSubtargetInfo(
        getTriple(), cpu.name, features.getString()));
    llvm::StringMap<bool> enabled;
    for (const llvm::SubtargetFeatureKV &known : info->getAllProcessorFeatures())
      enabled[known.Key] = info->getFeatureBits().test(known.Value);
    return enabled;
  };
  llvm::StringMap<bool> enabled = getEnabled();
  for (StringRef feature : getVendorFeatures())
    if (enabled.lookup(feature))
      features.AddFeature(feature, /*Enable=*/false);
  SmallVector<StringRef> parts;
  SmallVector<std::string> extra;
  text.drop_front(end).split(parts, '+', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts)
    extra.push_back(("+" + getAlias(part, enabled)).str());
  if (!checkFeatures(*generic, extra, error))
    return std::nullopt;
  for (const std::string &feature : extra)
    features.AddFeature(feature);
  cpu.features = features.getString();
  enabled = getEnabled();
  describe(enabled, cpu);
  for (StringRef feature : getCheckedFeatures())
    if (enabled.lookup(feature))
      cpu.needs += (cpu.needs.empty() ? "" : ",") + feature.str();
  return cpu;
}

LogicalResult LlvmTarget::canCompile(ModuleOp module) const {
  bool supported = true;
  module.walk([&](FunctionOpInterface func) {
    if (llvm::none_of(func.getArgumentTypes(), llvm::IsaPred<UnrankedTensorType>))
      return;
    func.emitOpError("has an input of unknown rank, which target '")
        << getName() << "' does not support";
    supported = false;
  });
  return success(supported);
}

void LlvmTarget::buildLowering(OpPassManager &pm) const {
  pm.addPass(createOutlineParallel());
  pm.addPass(createMergeParts());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createExpandMath());
  pm.addPass(createConvertSCFToCFPass());
  pm.addPass(createConvertExecToLLVM());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createCSEPass());
}

static void optimize(llvm::Module &module, llvm::TargetMachine &machine,
                     int optLevel) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager graphs;
  llvm::ModuleAnalysisManager modules;
  llvm::PipelineTuningOptions tuning;
  // Loops are vectorised by Burin; what is scalar here is meant to be.
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  tuning.LoopInterleaving = false;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(graphs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, graphs, modules);
  auto level = optLevel == 0   ? llvm::OptimizationLevel::O0
               : optLevel == 1 ? llvm::OptimizationLevel::O1
                               : llvm::OptimizationLevel::O2;
  auto pipeline = optLevel == 0 ? builder.buildO0DefaultPipeline(level)
                                : builder.buildPerModuleDefaultPipeline(level);
  pipeline.run(module, modules);
}

LogicalResult LlvmTarget::emit(ModuleOp module, const CpuInfo &cpu,
                               int optLevel, CodeKind kind,
                               llvm::raw_pwrite_stream &os) const {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(module, context);
  if (!code)
    return failure(); // Already diagnosed by the translation.
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(cpu, optLevel);
  code->setTargetTriple(getTriple());
  code->setDataLayout(machine->createDataLayout());
  for (llvm::Function &function : *code) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", cpu.name);
    function.addFnAttr("target-features", cpu.features);
    function.addFnAttr("prefer-vector-width", std::to_string(cpu.vectorBits));
    function.addFnAttr(llvm::Attribute::NoUnwind);
    // Loops that copy stay loops: what they copy lies in a near cache. As a call of the C
    // library it took 15 us more of MobileNetV2's widest block (391) on a Zen 5.
    function.addFnAttr("no-builtin-memcpy");
    function.addFnAttr("no-builtin-memmove");
  }
  optimize(*code, *machine, optLevel);
  if (kind == CodeKind::LLVM) {
    code->print(os, nullptr);
    return success();
  }
  llvm::legacy::PassManager passes;
  auto type = kind == CodeKind::Assembly ? llvm::CodeGenFileType::AssemblyFile
                                         : llvm::CodeGenFileType::ObjectFile;
  if (machine->addPassesToEmitFile(passes, os, nullptr, type))
    return module.emitError("target '") << getName() << "' cannot emit this";
  passes.run(*code);
  return success();
}
