//===- Crash.cpp - How a bug, or the end of memory, is told ---------------===//

#include "compiler/Driver/Crash.h"
#include "compiler/Support/Status.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Signals.h"
#include <cstring>
#include <new>
#include <unistd.h>

using namespace burin;

/// May run when memory is out or broken: only what a signal handler may call.
[[noreturn]] static void die(const char *text, const char *reason,
                             ExitCode code) {
  for (const char *part : {"burinc: error: ", text, reason, "\n"})
    if (write(STDERR_FILENO, part, strlen(part)) < 0)
      break;
  llvm::sys::RunInterruptHandlers(); // Removes files that are not whole.
  _exit(int(code));
}

[[noreturn]] static void dieOfBug(const char *reason) {
  die("this is a bug in Burin; please report it with the model: ", reason,
      ExitCode::Bug);
}

[[noreturn]] static void dieOfMemory() {
  die("out of memory", "", ExitCode::Machine);
}

void burin::installCrashHandlers() {
  llvm::sys::AddSignalHandler([](void *) { dieOfBug("the program crashed"); },
                              nullptr);
  llvm::install_fatal_error_handler(
      [](void *, const char *reason, bool) { dieOfBug(reason); });
  llvm::install_bad_alloc_error_handler(
      [](void *, const char *, bool) { dieOfMemory(); });
  std::set_new_handler(dieOfMemory);
}
