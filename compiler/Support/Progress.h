//===- Progress.h - What the compiler is at ---------------------*- C++ -*-===//

#ifndef BURIN_COMPILER_SUPPORT_PROGRESS_H
#define BURIN_COMPILER_SUPPORT_PROGRESS_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <string>

namespace burin {

/// Follows the stages of one compilation. On a terminal a line says which one
/// runs; it goes when something else is printed.
class Progress {
public:
  struct Settings {
    bool showStages = false;  ///< One line per stage, when it ends (-v).
    bool showSeconds = false; ///< A table at the end (--time).
    bool isTerminal = false;
  };

  Progress(llvm::raw_ostream &os, Settings settings);
  ~Progress();

  /// Ends the stage before, if any. `detail` is for people: "314 nodes".
  void begin(llvm::StringRef stage, llvm::StringRef detail = "");
  /// Ends the last stage, and prints the table.
  void finish();
  /// The detail of the present stage, where it is known only now.
  void setDetail(llvm::StringRef text) { detail = text.str(); }

  /// Where messages go that shall not mix with the line.
  llvm::raw_ostream &getMessages() { return messages; }

private:
  using Clock = std::chrono::steady_clock;

  /// Takes the line away before anything else is written.
  class Messages : public llvm::raw_ostream {
  public:
    explicit Messages(Progress &progress)
        : llvm::raw_ostream(/*unbuffered=*/true), progress(progress) {}

  private:
    void write_impl(const char *text, size_t size) override;
    uint64_t current_pos() const override { return written; }
    Progress &progress;
    uint64_t written = 0;
  };

  void end();
  void clear();

  llvm::raw_ostream &os;
  Settings settings;
  Messages messages;
  bool hasLine = false;
  std::string stage, detail;
  Clock::time_point started, stageStarted;
  llvm::SmallVector<std::pair<std::string, double>> seconds;
};

} // namespace burin

#endif // BURIN_COMPILER_SUPPORT_PROGRESS_H
