//===- ExternalFiles.cpp - Weights in files beside the model --------------===//

#include "compiler/Import/Onnx/ExternalFiles.h"
#include "compiler/Support/Hash.h"
#include "compiler/Support/Text.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Path.h"
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace llvm;
using namespace burin;

namespace {
/// Closes a descriptor at the end of its scope.
struct Descriptor {
  int number = -1;
  ~Descriptor() { reset(-1); }
  void reset(int other) {
    int error = errno; // Of what opened `other`.
    if (number >= 0)
      close(number);
    number = other;
    errno = error;
  }
};

Status refuse(StringRef location, const Twine &why) {
  return {ExitCode::Invalid,
          "external data '" + escapeName(location) + "' " + why};
}

/// The components of a path that stays below where it starts.
Status splitLocation(StringRef location, SmallVectorImpl<StringRef> &parts) {
  if (location.empty() || location.size() >= PATH_MAX ||
      location.contains('\0'))
    return refuse(location, "expects a file name");
  if (location.starts_with("/"))
    return refuse(location, "expects a relative path");
  location.split(parts, '/', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  llvm::erase(parts, ".");
  if (parts.empty() || is_contained(parts, ".."))
    return refuse(location, "expects a file inside the model's folder");
  return {};
}

Status explainErrno(StringRef location, int error) {
  if (error == ELOOP || error == ENOTDIR)
    return refuse(location, "expects neither symbolic links nor other than "
                            "folders on its way");
  if (error == EMFILE || error == ENFILE || error == ENOMEM)
    return {ExitCode::Machine, "external data '" + escapeName(location) +
                                   "' cannot be opened: " + strerror(error)};
  return refuse(location, Twine("cannot be opened: ") + strerror(error));
}
} // namespace

ExternalFiles::ExternalFiles(const std::string &modelPath)
    : folder(sys::path::parent_path(modelPath)) {
  if (folder.empty())
    folder = ".";
}

ExternalFiles::~ExternalFiles() {
  for (auto &file : files)
    if (!file.second.empty())
      munmap(const_cast<char *>(file.second.data()), file.second.size());
}

/// Walks down from the model's folder without following a link, so that nothing
/// that changes meanwhile can lead outside.
Status ExternalFiles::open(StringRef location, int &descriptor) const {
  SmallVector<StringRef> parts;
  if (Status status = splitLocation(location, parts); !status.isOk())
    return status;
  Descriptor at;
  at.reset(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  for (auto [i, part] : enumerate(parts)) {
    if (at.number < 0)
      return explainErrno(location, errno);
    // Not to wait for the writer of a FIFO.
    int kind = i + 1 == parts.size() ? O_NONBLOCK : O_DIRECTORY;
    at.reset(openat(at.number, part.str().c_str(),
                    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | kind));
  }
  if (at.number < 0)
    return explainErrno(location, errno);
  std::swap(descriptor, at.number);
  return {};
}

Status ExternalFiles::map(StringRef location, ArrayRef<char> &file) {
  if (auto found = files.find(location); found != files.end()) {
    file = found->second;
    return {};
  }
  Descriptor descriptor;
  if (Status status = open(location, descriptor.number); !status.isOk())
    return status;
  struct stat about;
  if (fstat(descriptor.number, &about) != 0)
    return explainErrno(location, errno);
  if (!S_ISREG(about.st_mode))
    return refuse(location, "expects a regular file");
  if (about.st_nlink > 1)
    return refuse(location, "expects a file without other hard links");
  file = {};
  if (about.st_size > 0) {
    void *data = mmap(nullptr, about.st_size, PROT_READ, MAP_PRIVATE,
                      descriptor.number, 0);
    if (data == MAP_FAILED)
      return {ExitCode::Machine, "external data '" + escapeName(location) +
                                     "' cannot be mapped: " + strerror(errno)};
    file = ArrayRef(static_cast<const char *>(data), about.st_size);
  }
  files[location] = file;
  return {};
}

Status ExternalFiles::read(const ExternalRange &range, uint64_t size,
                           ArrayRef<char> &bytes) {
  ArrayRef<char> file;
  if (Status status = map(range.location, file); !status.isOk())
    return status;
  if (range.offset > file.size() || size > file.size() - range.offset)
    return refuse(range.location,
                  "expects a file of at least " + Twine(range.offset) + " + " +
                      Twine(size) + " bytes, got " + Twine(file.size()));
  bytes = file.slice(range.offset, size);
  return {};
}

void ExternalFiles::addTo(Hasher &hasher) const {
  std::vector<StringRef> locations(files.keys().begin(), files.keys().end());
  llvm::sort(locations); // A map of strings has no order.
  for (StringRef location : locations) {
    ArrayRef<char> file = files.lookup(location);
    hasher.addText(location);
    hasher.addText(StringRef(file.data(), file.size()));
  }
}
