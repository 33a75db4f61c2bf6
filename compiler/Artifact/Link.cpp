//===- Link.cpp - Objects to a shared library or a program ----------------===//

#include "compiler/Artifact/Link.h"
#include "compiler/Artifact/Weights.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace burin;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

static std::optional<std::string> findLinker() {
  for (const char *name : {"ld.lld-19", "ld.lld"})
    if (auto found = llvm::sys::findProgramByName(name))
      return *found;
  if (auto found = llvm::sys::findProgramByName("ld.lld", {"/usr/lib/llvm-19/bin"}))
    return *found;
  return std::nullopt;
}

/// Runs ld.lld; what it has to say becomes the error's text.
static Status runLinker(llvm::ArrayRef<std::string> arguments,
                        llvm::StringRef folder) {
  std::optional<std::string> linker = findLinker();
  if (!linker)
    return {ExitCode::Machine,
            "the linker ld.lld is not installed; on Debian: apt-get install "
            "lld-19"};
  std::string log = (folder + "/link.log").str();
  std::vector<llvm::StringRef> all = {*linker};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(""),
                                                llvm::StringRef(log),
                                                llvm::StringRef(log)};
  std::string error;
  int code = llvm::sys::ExecuteAndWait(*linker, all, std::nullopt, redirects,
                                       0, 0, &error);
  if (code == 0)
    return {};
  if (auto text = llvm::MemoryBuffer::getFile(log))
    error += (*text)->getBuffer().take_front(2000);
  return {ExitCode::Machine, "ld.lld failed: " + error};
}

/// A library of that name without contents: enough to be recorded as needed.
static Status makeStub(llvm::StringRef soname, const Target &target,
                       llvm::StringRef folder, std::string &file) {
  std::string object = (folder + "/empty.o").str();
  if (!fs::exists(object)) {
    Status status = writeWeightsObject({}, 0, target.getElfMachine(),
                                       "burin_empty", object);
    if (!status.isOk())
      return status;
  }
  file = (folder + "/" + soname).str();
  return runLinker({"-m", target.getLinkerEmulation().str(), "-shared",
                    "-soname", soname.str(), "-o", file, object},
                   folder);
}

std::string burin::getLibraryFolder(const Target &target) {
  static const int anchor = 0;
  std::string program =
      fs::getMainExecutable("burinc", const_cast<int *>(&anchor));
  llvm::SmallString<128> folder(path::parent_path(path::parent_path(program)));
  path::append(folder, "lib", "burin", target.getName());
  return std::string(folder);
}

Status burin::linkShared(llvm::ArrayRef<std::string> objects,
                         const Target &target, llvm::StringRef folder,
                         llvm::StringRef output) {
  std::vector<std::string> arguments = {
      "-m", target.getLinkerEmulation().str(), "-shared", "--gc-sections",
      "-z", "relro", "-z", "noexecstack", "--hash-style=gnu", "--build-id=none",
      "--strip-all", "-o", output.str()};
  arguments.insert(arguments.end(), objects.begin(), objects.end());
  std::string kernels = getLibraryFolder(target) + "/libburin_kernels.a";
  if (fs::exists(kernels))
    arguments.push_back(kernels);
  // Every machine that loads the artifact has these; the compiler needs none.
  for (llvm::StringRef library : {"libm.so.6", "libc.so.6"}) {
    std::string stub;
    Status status = makeStub(library, target, folder, stub);
    if (!status.isOk())
      return status;
    arguments.push_back(stub);
  }
  return runLinker(arguments, folder);
}
