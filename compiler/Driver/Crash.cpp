//===- Crash.cpp - How a bug, or the end of memory, is told ---------------===//

#include "compiler/Driver/Crash.h"
#include "compiler/Support/ScratchFolder.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Signals.h"
#include <csignal>
#include <cstring>
#include <new>
#include <unistd.h>

using namespace burin;

/// Those that are not whole, and those that nobody needs any more.
static void removeFiles() {
  llvm::sys::RunInterruptHandlers();
  ScratchFolder::removeFromSignal();
}

/// May run when memory is out or broken: only what a signal handler may call.
[[noreturn]] static void die(const char *text, const char *reason,
                             ExitCode code) {
  for (const char *part : {"burinc: error: ", text, reason, "\n"})
    if (write(STDERR_FILENO, part, strlen(part)) < 0)
      break;
  removeFiles();
  _exit(int(code));
}

[[noreturn]] static void dieOfBug(const char *reason) {
  die("this is a bug in Burin; please report it with the model: ", reason,
      ExitCode::Bug);
}

[[noreturn]] static void dieOfMemory() {
  die("out of memory", "", ExitCode::Machine);
}

/// The user, or the system, ends the program: it ends by that signal.
static void dieOfSignal(int number) {
  removeFiles();
  signal(number, SIG_DFL);
  raise(number);
}

static constexpr int endings[] = {SIGINT, SIGTERM, SIGHUP};

void burin::installCrashHandlers() {
  struct sigaction before[std::size(endings)];
  for (auto [number, action] : llvm::zip(endings, before))
    sigaction(number, nullptr, &action);
  llvm::sys::AddSignalHandler([](void *) { dieOfBug("the program crashed"); },
                              nullptr);
  llvm::install_fatal_error_handler(
      [](void *, const char *reason, bool) { dieOfBug(reason); });
  llvm::install_bad_alloc_error_handler(
      [](void *, const char *, bool) { dieOfMemory(); });
  std::set_new_handler(dieOfMemory);
  // After LLVM has set its own, which know nothing of folders.
  for (auto [number, action] : llvm::zip(endings, before))
    signal(number, action.sa_handler == SIG_IGN ? SIG_IGN : dieOfSignal);
}
