//===- Library.cpp - Objects to a static library --------------------------===//

#include "compiler/Artifact/Library.h"
#include "compiler/Artifact/Link.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/Path.h"

using namespace burin;
using llvm::object::Archive;

static Status complain(llvm::StringRef file, llvm::Error error) {
  return {ExitCode::Machine, file + ": " + llvm::toString(std::move(error))};
}

namespace {
class LibraryWriter {
public:
  Status addObject(const std::string &file);
  Status addLibrary(const std::string &file);
  Status write(llvm::StringRef path);

private:
  std::vector<llvm::NewArchiveMember> members;
  /// Members point into them.
  std::vector<std::unique_ptr<llvm::MemoryBuffer>> buffers;
  std::vector<std::unique_ptr<Archive>> archives;
};
} // namespace

Status LibraryWriter::addObject(const std::string &file) {
  auto member = llvm::NewArchiveMember::getFile(file, /*Deterministic=*/true);
  if (!member)
    return complain(file, member.takeError());
  member->MemberName = llvm::sys::path::filename(file);
  members.push_back(std::move(*member));
  return {};
}

/// Adds a copy of all that is in the library `file`.
Status LibraryWriter::addLibrary(const std::string &file) {
  auto buffer = llvm::MemoryBuffer::getFile(file);
  if (!buffer)
    return {ExitCode::Machine, file + ": " + buffer.getError().message()};
  auto archive = Archive::create(**buffer);
  if (!archive)
    return complain(file, archive.takeError());
  buffers.push_back(std::move(*buffer));
  archives.push_back(std::move(*archive));
  llvm::Error error = llvm::Error::success();
  for (const Archive::Child &child : archives.back()->children(error)) {
    auto member =
        llvm::NewArchiveMember::getOldMember(child, /*Deterministic=*/true);
    if (!member) {
      llvm::consumeError(std::move(error));
      return complain(file, member.takeError());
    }
    members.push_back(std::move(*member));
  }
  return error ? complain(file, std::move(error)) : Status();
}

Status LibraryWriter::write(llvm::StringRef path) {
  llvm::Error error = llvm::writeArchive(
      path, members, llvm::SymtabWritingMode::NormalSymtab, Archive::K_GNU,
      /*Deterministic=*/true, /*Thin=*/false);
  return error ? complain(path, std::move(error)) : Status();
}

Status burin::writeLibrary(llvm::ArrayRef<std::string> objects,
                           const Target &target, llvm::StringRef path) {
  LibraryWriter writer;
  for (const std::string &object : objects)
    if (Status status = writer.addObject(object); !status.isOk())
      return status;
  for (llvm::StringRef name : {"libburin_runtime.a", "libburin_kernels.a"}) {
    std::string file;
    if (Status status = findLibrary(name, target, file); !status.isOk())
      return status;
    if (Status status = writer.addLibrary(file); !status.isOk())
      return status;
  }
  return writer.write(path);
}
