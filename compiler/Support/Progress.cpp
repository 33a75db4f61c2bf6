//===- Progress.cpp - What the compiler is at -----------------------------===//

#include "compiler/Support/Progress.h"
#include "llvm/Support/Format.h"

using namespace llvm;
using namespace burin;

Progress::Progress(raw_ostream &os, Settings settings)
    : os(os), settings(settings), messages(*this), started(Clock::now()),
      stageStarted(started) {}

Progress::~Progress() { clear(); }

void Progress::Messages::write_impl(const char *text, size_t size) {
  progress.clear();
  progress.os.write(text, size);
  written += size;
}

void Progress::clear() {
  if (hasLine)
    os << "\r\x1b[K";
  hasLine = false;
}

static double getSeconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

void Progress::end() {
  clear();
  if (stage.empty())
    return;
  double spent = getSeconds(Clock::now() - stageStarted);
  seconds.emplace_back(stage, spent);
  if (settings.showStages) {
    os << "burinc: " << stage << (detail.empty() ? "" : ", ") << detail
       << format(": %.3f s\n", spent);
  }
  stage.clear();
}

void Progress::begin(StringRef name, StringRef text) {
  end();
  stage = name.str();
  detail = text.str();
  stageStarted = Clock::now();
  if (!settings.isTerminal)
    return;
  os << stage << (detail.empty() ? "" : ", ") << detail
     << format(" [%.1f s]", getSeconds(stageStarted - started));
  os.flush();
  hasLine = true;
}

void Progress::finish() {
  end();
  if (!settings.showSeconds)
    return;
  for (auto &[name, spent] : seconds)
    os << format("%10.3f s  ", spent) << name << "\n";
  os << format("%10.3f s  ", getSeconds(Clock::now() - started)) << "total\n";
}
