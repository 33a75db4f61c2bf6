//===- OutputFiles.cpp - Files that appear whole or not at all ------------===//

#include "compiler/Support/OutputFiles.h"
#include "compiler/Support/Text.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"

using namespace llvm;
using namespace burin;

/// What the disk says when all is written.
static std::error_code tryToWrite(StringRef path, FileWriter write) {
  std::error_code error;
  raw_fd_ostream os(path, error);
  if (error)
    return error;
  write(os);
  if (path == "-")
    os.flush();
  else
    os.close();
  error = os.error();
  os.clear_error(); // Or else it would end the program.
  return error;
}

Status burin::writeFile(StringRef path, FileWriter write) {
  if (std::error_code error = tryToWrite(path, write))
    return {ExitCode::Machine, path + ": " + error.message()};
  return {};
}

OutputFiles::~OutputFiles() { discard(); }

void OutputFiles::discard() {
  for (const File &file : files) {
    sys::fs::remove(file.temporary);
    sys::DontRemoveFileOnSignal(file.temporary);
  }
  files.clear();
}

void OutputFiles::forEach(
    function_ref<void(StringRef temporary, StringRef path)> action) const {
  for (const File &file : files)
    action(file.temporary, file.path);
}

static Status refuse(ExitCode code, StringRef path, const Twine &why) {
  return {code, "output '" + escape(path) + "' " + why};
}

Status OutputFiles::check(StringRef path) {
  sys::fs::file_status status;
  if (!sys::fs::status(path, status)) {
    if (sys::fs::is_directory(status))
      return refuse(ExitCode::Usage, path, "is a folder");
    if (!sys::fs::is_regular_file(status))
      return refuse(ExitCode::Usage, path, "is not a regular file");
  }
  StringRef folder = sys::path::parent_path(path);
  folder = folder.empty() ? "." : folder;
  if (!sys::fs::is_directory(folder))
    return refuse(ExitCode::Machine, path, "is in no folder that exists");
  if (std::error_code error =
          sys::fs::access(folder, sys::fs::AccessMode::Write))
    return refuse(ExitCode::Machine, path,
                  "cannot be written: " + error.message());
  return {};
}

Status OutputFiles::add(StringRef path, std::string &temporary) {
  if (Status status = check(path); !status.isOk())
    return status;
  // Short, for the name may be as long as a file system allows.
  SmallString<128> model(sys::path::parent_path(path)), name;
  sys::path::append(model, ".burin-%%%%%%%%.tmp");
  int descriptor;
  if (std::error_code error =
          sys::fs::createUniqueFile(model, descriptor, name))
    return refuse(ExitCode::Machine, path,
                  "cannot be written: " + error.message());
  sys::Process::SafelyCloseFileDescriptor(descriptor);
  sys::RemoveFileOnSignal(name);
  temporary = name.str();
  files.push_back({temporary, path.str()});
  return {};
}

Status OutputFiles::write(StringRef path, FileWriter write) {
  std::string temporary = "-";
  if (path != "-")
    if (Status status = add(path, temporary); !status.isOk())
      return status;
  if (std::error_code error = tryToWrite(temporary, write))
    return refuse(ExitCode::Machine, path,
                  "cannot be written: " + error.message());
  return {};
}

Status OutputFiles::commit() {
  while (!files.empty()) {
    const File &file = files.back();
    if (std::error_code error = sys::fs::rename(file.temporary, file.path))
      return refuse(ExitCode::Machine, file.path,
                    "cannot be written: " + error.message());
    sys::DontRemoveFileOnSignal(file.temporary);
    files.pop_back();
  }
  return {};
}
