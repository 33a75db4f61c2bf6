//===- LlvmTarget.h - What the targets that LLVM serves share ---*- C++ -*-===//

#ifndef BURIN_TARGETS_LLVM_LLVMTARGET_H
#define BURIN_TARGETS_LLVM_LLVMTARGET_H

#include "targets/Target.h"

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace burin {

/// A CPU target: lowers through the LLVM dialect and emits ELF objects.
class LlvmTarget : public Target {
public:
  void registerDialects(mlir::DialectRegistry &registry) const override;
  std::optional<CpuInfo> findCpu(llvm::StringRef name,
                                 std::string &error) const override;
  llvm::LogicalResult canCompile(mlir::ModuleOp module) const override;
  void buildLowering(mlir::OpPassManager &pm) const override;
  llvm::LogicalResult emit(mlir::ModuleOp module, const CpuInfo &cpu,
                           int optLevel, CodeKind kind,
                           llvm::raw_pwrite_stream &os) const override;

protected:
  virtual llvm::StringRef getTriple() const = 0;
  /// What "native" means where this machine is another one.
  virtual llvm::StringRef getDefaultCpu() const = 0;
  /// Fills in what passes must know, from LLVM's feature list of the CPU.
  virtual void describe(const llvm::StringMap<bool> &features,
                        CpuInfo &cpu) const = 0;
  /// Names of all features that a machine is checked for.
  virtual llvm::ArrayRef<llvm::StringLiteral> getCheckedFeatures() const = 0;
  /// Of them those that one vendor's processors alone have and that no kernel needs:
  /// not used unless the user names them, so that the code runs on others.
  virtual llvm::ArrayRef<llvm::StringLiteral> getVendorFeatures() const { return {}; }
  /// LLVM's name for the feature that the user calls `name`, of a CPU that has
  /// `features` without it.
  virtual llvm::StringRef
  getAlias(llvm::StringRef name,
           const llvm::StringMap<bool> &features) const {
    return name;
  }

private:
  std::unique_ptr<llvm::TargetMachine> createMachine(const CpuInfo &cpu,
                                                     int optLevel) const;
};

} // namespace burin

#endif // BURIN_TARGETS_LLVM_LLVMTARGET_H
