//===- Link.cpp - Objects to a shared library or a program ----------------===//

#include "compiler/Artifact/Link.h"
#include "compiler/Artifact/Weights.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace burin;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

std::optional<std::string> burin::findLinker() {
  for (const char *name : {"ld.lld-19", "ld.lld"})
    if (auto found = llvm::sys::findProgramByName(name))
      return *found;
  if (auto found =
          llvm::sys::findProgramByName("ld.lld", {"/usr/lib/llvm-19/bin"}))
    return *found;
  return std::nullopt;
}

/// Runs ld.lld; what it has to say becomes the error's text.
static Status runLinker(const LinkJob &job,
                        llvm::ArrayRef<std::string> arguments) {
  std::optional<std::string> linker = findLinker();
  if (!linker)
    return {ExitCode::Machine,
            "the linker ld.lld is not installed; on Debian: apt-get install "
            "lld-19"};
  std::string log = (job.folder + "/link.log").str();
  // Written at once, files lie in memory in larger pieces than written page by page:
  // a decoder of 62 MB that is run then takes 2.1 ms instead of 2.3.
  std::vector<llvm::StringRef> all = {*linker, "-m", job.target.getLinkerEmulation(),
                                      "--no-mmap-output-file", "-o", job.output};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::optional<llvm::StringRef> redirects[] = {
      llvm::StringRef(""), llvm::StringRef(log), llvm::StringRef(log)};
  std::string error;
  int code = llvm::sys::ExecuteAndWait(*linker, all, std::nullopt, redirects, 0,
                                       0, &error);
  if (code == 0)
    return {};
  if (auto text = llvm::MemoryBuffer::getFile(log))
    error += (*text)->getBuffer().take_front(2000);
  return {ExitCode::Machine, "ld.lld failed: " + error};
}

/// A library of that name without contents: enough to be recorded as needed.
static Status makeStub(llvm::StringRef soname, const LinkJob &job,
                       std::string &file) {
  std::string object = (job.folder + "/empty.o").str();
  if (!fs::exists(object)) {
    Status status = writeWeightsObject({}, 0, job.target.getElfMachine(),
                                       "burin_empty", object);
    if (!status.isOk())
      return status;
  }
  file = (job.folder + "/" + soname).str();
  return runLinker({job.target, job.folder, file},
                   {"-shared", "-soname", soname.str(), object});
}

Status burin::findLibrary(llvm::StringRef name, const Target &target,
                          std::string &file) {
  static const int anchor = 0;
  std::string program =
      fs::getMainExecutable("burinc", const_cast<int *>(&anchor));
  llvm::SmallString<128> full(path::parent_path(path::parent_path(program)));
  path::append(full, "lib", "burin", target.getName(), name);
  file = std::string(full);
  if (fs::exists(file))
    return {};
  return {ExitCode::Machine, file + " is missing; target '" + target.getName() +
                                 "' was not built whole"};
}

Status burin::linkShared(llvm::ArrayRef<std::string> objects,
                         const LinkJob &job) {
  std::vector<std::string> arguments = {"-shared",
                                        "--gc-sections",
                                        "-z",
                                        "relro",
                                        "-z",
                                        "noexecstack",
                                        "--hash-style=gnu",
                                        "--build-id=none",
                                        "--strip-debug"};
  arguments.insert(arguments.end(), objects.begin(), objects.end());
  std::string kernels;
  if (Status status = findLibrary("libburin_kernels.a", job.target, kernels);
      !status.isOk())
    return status;
  arguments.push_back(kernels);
  // Every machine that loads the artifact has these; the compiler needs none.
  for (llvm::StringRef library : {"libm.so.6", "libc.so.6"}) {
    std::string stub;
    if (Status status = makeStub(library, job, stub); !status.isOk())
      return status;
    arguments.push_back(stub);
  }
  return runLinker(job, arguments);
}

Status burin::linkObject(llvm::ArrayRef<std::string> objects,
                         const LinkJob &job) {
  std::vector<std::string> arguments = {"-r"};
  arguments.insert(arguments.end(), objects.begin(), objects.end());
  return runLinker(job, arguments);
}

namespace {
/// Where a machine's C library is, and what starts its programs.
struct System {
  uint16_t machine;
  const char *loader;
  const char *package; ///< Debian's, that has the files for development.
  std::array<const char *, 3> folders;
};
} // namespace

static const System *findSystem(const Target &target) {
  static constexpr System systems[] = {
      {llvm::ELF::EM_X86_64,
       "/lib64/ld-linux-x86-64.so.2",
       "libc6-dev",
       {"/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"}},
      {llvm::ELF::EM_AARCH64,
       "/lib/ld-linux-aarch64.so.1",
       "libc6-dev-arm64-cross",
       {"/usr/aarch64-linux-gnu/lib", "/usr/lib/aarch64-linux-gnu",
        "/usr/aarch64-linux-gnu/sys-root/usr/lib64"}}};
  for (const System &system : systems)
    if (system.machine == target.getElfMachine())
      return &system;
  return nullptr;
}

/// The first of the folders that has what programs start with.
static std::optional<std::string> findStartFiles(const System &system) {
  for (const char *folder : system.folders)
    if (fs::exists(folder + llvm::Twine("/Scrt1.o")) &&
        fs::exists(folder + llvm::Twine("/libc.so")))
      return folder;
  return std::nullopt;
}

Status burin::linkProgram(llvm::ArrayRef<std::string> objects,
                          const LinkJob &job) {
  const System *system = findSystem(job.target);
  if (!system)
    return {ExitCode::Unsupported,
            "target '" + job.target.getName() + "' has no programs of its own"};
  std::optional<std::string> folder = findStartFiles(*system);
  if (!folder)
    return {ExitCode::Machine,
            llvm::Twine("the C library's files for development (Scrt1.o) are "
                        "not installed; on Debian: apt-get install ") +
                system->package};
  std::vector<std::string> arguments = {"-pie",
                                        "--gc-sections",
                                        "-z",
                                        "relro",
                                        "-z",
                                        "now",
                                        "-z",
                                        "noexecstack",
                                        "--hash-style=gnu",
                                        "--build-id=none",
                                        "--strip-debug",
                                        "--eh-frame-hdr",
                                        "-dynamic-linker",
                                        system->loader,
                                        *folder + "/Scrt1.o",
                                        *folder + "/crti.o"};
  arguments.insert(arguments.end(), objects.begin(), objects.end());
  arguments.push_back("--start-group");
  for (llvm::StringRef name :
       {"libburin_main.a", "libburin_runtime.a", "libburin_kernels.a"})
    if (Status status = findLibrary(name, job.target, arguments.emplace_back());
        !status.isOk())
      return status;
  for (std::string last :
       {std::string("--end-group"), "-L" + *folder, std::string("-lm"),
        std::string("-lc"), *folder + "/crtn.o"})
    arguments.push_back(last);
  return runLinker(job, arguments);
}
