//===- ArmTarget.cpp - AArch64 --------------------------------------------===//

#include "targets/Llvm/LlvmTarget.h"
#include "llvm/BinaryFormat/ELF.h"

using namespace mlir;

namespace {
class ArmTarget final : public burin::LlvmTarget {
public:
  StringRef getName() const override { return "arm"; }
  StringRef getLinkerEmulation() const override { return "aarch64linux"; }
  uint16_t getElfMachine() const override { return llvm::ELF::EM_AARCH64; }

protected:
  StringRef getTriple() const override { return "aarch64-unknown-linux-gnu"; }
  StringRef getDefaultCpu() const override { return "generic"; }

  void describe(const llvm::StringMap<bool> &features,
                burin::CpuInfo &cpu) const override {
    cpu.vectorBits = 128; // NEON, which every AArch64 has.
    cpu.registers = 32;
    if (features.lookup("dotprod")) {
      cpu.dotIntrinsic = "llvm.aarch64.neon.sdot.v4i32.v16i8";
      cpu.dotGroup = 4;
    }
    if (features.lookup("bf16"))
      cpu.bfloatDotIntrinsic = "llvm.aarch64.neon.bfdot.v4f32.v8bf16";
  }

  ArrayRef<llvm::StringLiteral> getCheckedFeatures() const override {
    static constexpr llvm::StringLiteral names[] = {
#define BURIN_ARM_FEATURE(name, word, bit) name,
#include "burin/features.def"
    };
    return names;
  }
};
} // namespace

namespace burin {
const Target &getArmTarget() {
  static const ArmTarget target;
  return target;
}
} // namespace burin
