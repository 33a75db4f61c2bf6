//===- cpu.cpp - What this processor can run ------------------------------===//

#include "error.h"
#include "model.h"
#include <stdio.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

namespace {

struct Registers {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;

  explicit Registers(unsigned leaf, unsigned subleaf = 0) {
    __get_cpuid_count(leaf, subleaf, &eax, &ebx, &ecx, &edx);
  }
};

/// What xgetbv reports of the register files that a feature works on.
enum State : unsigned { none = 0, ymm = 0x6, zmm = 0xe6, apx = 0x80000 };

struct Feature {
  const char *name;
  unsigned leaf, subleaf;
  unsigned Registers::*place;
  unsigned bit;
  State state;
};

constexpr Feature features[] = {
#define BURIN_X86_FEATURE(name, leaf, subleaf, reg, bit, state)                \
  {name, leaf, subleaf, &Registers::reg, bit, state},
#include "burin/features.def"
};

/// Asks the processor once for all, since a virtual one takes microseconds for
/// each answer.
class Cpu {
public:
  bool has(const Feature &feature) const {
    const Registers &registers = feature.leaf == 1   ? basic
                                 : feature.leaf != 7 ? extended
                                 : feature.subleaf   ? further
                                                     : more;
    // Leaf 7 says how many subleaves it has.
    return (feature.subleaf == 0 || more.eax >= feature.subleaf) &&
           (registers.*feature.place >> feature.bit & 1) &&
           (saved & feature.state) == feature.state;
  }

private:
  /// Which register files the system saves, which it says only if it has xgetbv.
  unsigned getSavedState() const {
    if (!(basic.ecx & bit_OSXSAVE))
      return 0;
    unsigned low, high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
  }

  Registers basic{1}, more{7}, further{7, 1}, extended{0x80000001};
  unsigned saved = getSavedState();
};

} // namespace

#elif defined(__aarch64__)
#include <sys/auxv.h>

namespace {

struct Feature {
  const char *name;
  int word;
  unsigned bit;
};

constexpr Feature features[] = {
#define BURIN_ARM_FEATURE(name, word, bit) {name, word, bit},
#include "burin/features.def"
};

class Cpu {
public:
  bool has(const Feature &feature) const {
    return getauxval(feature.word == 1 ? AT_HWCAP : AT_HWCAP2) >> feature.bit &
           1;
  }
};

} // namespace

#endif

static bool hasFeature(const Cpu &cpu, const char *name, size_t length) {
  for (const Feature &feature : features)
    if (strlen(feature.name) == length && !memcmp(feature.name, name, length))
      return cpu.has(feature);
  return false; // One that is younger than this runtime.
}

/// The first of the features in the list `names` that `cpu` has not, and its
/// length, 0 if it has all.
static size_t findMissing(const Cpu &cpu, const char *&names) {
  while (names && *names) {
    size_t length = strcspn(names, ",");
    if (!hasFeature(cpu, names, length))
      return length;
    names += length;
    names += *names == ',';
  }
  return 0;
}

/// N of the highest x86-64-vN that `cpu` runs; 0 on others.
static int32_t getLevel(const Cpu &cpu) {
#if defined(__x86_64__)
  const char *levels[] = {"sse3,ssse3,sse4.1,sse4.2,popcnt",
                          "avx,f16c,fma,movbe,lzcnt,bmi,bmi2,avx2",
                          "avx512f,avx512bw,avx512cd,avx512dq,avx512vl"};
  int32_t level = 1;
  for (const char *needed : levels) {
    if (findMissing(cpu, needed))
      break;
    ++level;
  }
  return level;
#else
  (void)cpu;
  return 0;
#endif
}

burin_status burin::checkCpu(const burin_model_desc &desc,
                             burin_error *error) {
  Cpu cpu;
  int32_t level = getLevel(cpu);
  char remedy[64] = "--cpu=generic";
  if (level > 0)
    snprintf(remedy, sizeof(remedy), "--cpu=x86-64-v%d", level);
  if (desc.cpu_level > level)
    return fail(error, BURIN_INCOMPATIBLE,
                "the artifact is compiled for %s, which needs x86-64-v%d; this "
                "CPU is x86-64-v%d: compile the model with %s",
                desc.cpu, desc.cpu_level, level, remedy);
  const char *feature = desc.cpu_features;
  if (size_t length = findMissing(cpu, feature))
    return fail(error, BURIN_INCOMPATIBLE,
                "the artifact is compiled for %s, which needs %.*s; this CPU "
                "does not have it: compile the model with %s",
                desc.cpu, int(length), feature, remedy);
  return BURIN_OK;
}
