//===- ScratchFolder.cpp - Files that only one command needs --------------===//

#include "compiler/Support/ScratchFolder.h"
#include "llvm/Support/FileSystem.h"
#include <atomic>
#include <climits>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace llvm;
using namespace burin;

/// What a signal handler finds: a handler has no other way to know.
static char remembered[PATH_MAX];
static std::atomic<bool> isRemembered;

ScratchFolder::~ScratchFolder() {
  if (folder.empty())
    return;
  sys::fs::remove_directories(folder);
  if (StringRef(remembered) == folder)
    isRemembered = false;
}

Status ScratchFolder::open() {
  if (std::error_code error = sys::fs::createUniqueDirectory("burin", folder))
    return {ExitCode::Machine, "temporary folder: " + error.message()};
  if (folder.size() < sizeof(remembered) && !isRemembered) {
    memcpy(remembered, folder.c_str(), folder.size() + 1);
    isRemembered = true;
  }
  return {};
}

void ScratchFolder::removeFromSignal() {
  if (!isRemembered.exchange(false))
    return;
  // opendir allocates, which a handler may not.
  int descriptor = ::open(remembered, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  alignas(dirent64) char buffer[4096];
  long size = 0;
  do {
    size = syscall(SYS_getdents64, descriptor, buffer, sizeof(buffer));
    for (long at = 0; at < size;) {
      auto *entry = reinterpret_cast<dirent64 *>(buffer + at);
      unlinkat(descriptor, entry->d_name, 0); // Fails for "." and "..".
      at += entry->d_reclen;
    }
  } while (size > 0);
  rmdir(remembered);
}
