//===- CacheKey.cpp - What the outputs of a compilation depend on ---------===//

#include "compiler/Driver/CacheKey.h"
#include "compiler/Artifact/Link.h"
#include "compiler/Support/Hash.h"
#include "targets/Target.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <link.h>

using namespace llvm;
using namespace burin;

/// A file by what is quickly known of it.
static void addFile(StringRef path, Hasher &hasher) {
  hasher.addText(path);
  sys::fs::file_status status;
  if (sys::fs::status(path, status))
    return;
  hasher.addNumber(status.getSize());
  hasher.addNumber(status.getLastModificationTime().time_since_epoch().count());
}

/// The linker's mark of a program or library among its notes; false if there is
/// none.
static bool addBuildId(const dl_phdr_info &object, Hasher &hasher) {
  bool isFound = false;
  for (unsigned i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr) &segment = object.dlpi_phdr[i];
    if (segment.p_type != PT_NOTE)
      continue;
    auto *at =
        reinterpret_cast<const char *>(object.dlpi_addr + segment.p_vaddr);
    const char *end = at + segment.p_memsz;
    while (size_t(end - at) >= sizeof(ElfW(Nhdr))) {
      auto *note = reinterpret_cast<const ElfW(Nhdr) *>(at);
      const char *name = at + sizeof(*note);
      const char *bytes = name + alignTo(note->n_namesz, 4);
      at = bytes + alignTo(note->n_descsz, 4);
      if (at > end || note->n_type != NT_GNU_BUILD_ID ||
          StringRef(name, note->n_namesz) != StringRef("GNU\0", 4))
        continue;
      hasher.addText(StringRef(bytes, note->n_descsz));
      isFound = true;
    }
  }
  return isFound;
}

/// This program and all libraries that it runs with.
static void addCompiler(Hasher &hasher) {
  static const int anchor = 0;
  dl_iterate_phdr(
      [](dl_phdr_info *object, size_t, void *data) {
        Hasher &hasher = *static_cast<Hasher *>(data);
        if (addBuildId(*object, hasher))
          return 0;
        std::string name = object->dlpi_name;
        addFile(name.empty() ? sys::fs::getMainExecutable(
                                   "burinc", const_cast<int *>(&anchor))
                             : name,
                hasher);
        return 0;
      },
      &hasher);
}

/// What becomes part of artifacts, and what puts them together.
static bool addParts(const Target &target, Hasher &hasher) {
  if (std::optional<std::string> linker = findLinker())
    addFile(*linker, hasher);
  for (StringRef name :
       {"libburin_kernels.a", "libburin_runtime.a", "libburin_main.a"}) {
    std::string file;
    if (!findLibrary(name, target, file).isOk())
      continue; // Not every kind of output takes all of them.
    auto buffer = MemoryBuffer::getFile(file);
    if (!buffer)
      return false;
    hasher.addText((*buffer)->getBuffer());
  }
  return true;
}

static bool addCpus(const CompileOptions &options, const Target &target,
                    Hasher &hasher) {
  std::vector<std::string> names = options.cpus;
  if (names.empty())
    names.push_back("native");
  hasher.addNumber(names.size());
  for (const std::string &name : names) {
    std::string error;
    std::optional<CpuInfo> cpu = target.findCpu(name, error);
    if (!cpu)
      return false;
    for (const std::string &text : {cpu->title, cpu->name, cpu->features})
      hasher.addText(text);
  }
  return true;
}

static void addDims(ArrayRef<ImportOptions::Dim> dims, Hasher &hasher) {
  hasher.addNumber(dims.size());
  for (const ImportOptions::Dim &dim : dims) {
    hasher.addText(dim.name);
    hasher.addNumber(dim.size.value_or(-1));
  }
}

static void addImport(const ImportOptions &options, Hasher &hasher) {
  addDims(options.dims, hasher);
  hasher.addNumber(options.shapes.size());
  for (const ImportOptions::InputShape &shape : options.shapes) {
    hasher.addText(shape.input);
    hasher.addNumber(shape.sizes.size());
    for (std::optional<int64_t> size : shape.sizes)
      hasher.addNumber(size.value_or(-1));
  }
  hasher.addNumber(options.entries.size());
  for (const ImportOptions::Entry &entry : options.entries) {
    hasher.addText(entry.name);
    addDims(entry.dims, hasher);
  }
  hasher.addNumber(options.maxNodes);
}

static void addOptions(const CompileOptions &options, Hasher &hasher) {
  addImport(options.import, hasher);
  hasher.addText(options.target);
  for (uint64_t number :
       {uint64_t(options.emit), uint64_t(options.optLevel),
        uint64_t(options.threadsHint), uint64_t(options.weights),
        uint64_t(options.math), uint64_t(options.findState),
        uint64_t(options.stateCapacity), uint64_t(options.states.size())})
    hasher.addNumber(number);
  for (const StatePattern &pattern : options.states) {
    hasher.addText(pattern.input);
    hasher.addText(pattern.output);
  }
}

std::string burin::makeCacheKey(const CompileOptions &options,
                                const Model &model) {
  const Target *target = findTarget(options.target);
  Hasher hasher;
  if (!target || model.getHash().empty() ||
      !addCpus(options, *target, hasher) || !addParts(*target, hasher))
    return "";
  addCompiler(hasher);
  addOptions(options, hasher);
  hasher.addText(model.getHash());
  model.getFiles().addTo(hasher);
  return hasher.get();
}
