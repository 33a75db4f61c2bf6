//===- Crash.h - How a bug, or the end of memory, is told -------*- C++ -*-===//

#ifndef BURIN_COMPILER_DRIVER_CRASH_H
#define BURIN_COMPILER_DRIVER_CRASH_H

namespace burin {

/// From here on a crash removes partial output, says that it is a bug in Burin
/// and exits with 70; memory that runs out exits with 5. A signal that ends the
/// program leaves no temporary files.
void installCrashHandlers();

} // namespace burin

#endif // BURIN_COMPILER_DRIVER_CRASH_H
