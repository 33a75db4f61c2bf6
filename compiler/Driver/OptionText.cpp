//===- OptionText.cpp - Values of options, read from text -----------------===//

#include "compiler/Driver/OptionText.h"
#include "compiler/Support/Text.h"
#include "llvm/ADT/SmallVector.h"

using namespace llvm;
using namespace burin;

/// Larger than any dimension; the product of two does not overflow.
static constexpr int64_t maxSize = INT32_MAX;

static Status expect(StringRef option, const Twine &rule, StringRef text) {
  return {ExitCode::Usage, "option " + option + " expects " + rule + ", got '" +
                               escapeName(text) + "'"};
}

Status burin::parseNumber(StringRef option, StringRef text, int64_t least,
                          int64_t most, int64_t &number) {
  if (!text.empty() && all_of(text, isDigit) &&
      !text.getAsInteger(10, number) && number >= least && number <= most)
    return {};
  return expect(option, "a number from " + Twine(least) + " to " + Twine(most),
                text);
}

static Status parseSize(StringRef option, StringRef text,
                        std::optional<int64_t> &size) {
  if (text == "?")
    return {};
  return parseNumber(option, text, 0, maxSize, size.emplace());
}

Status burin::parseDim(StringRef option, StringRef text,
                       ImportOptions::Dim &dim) {
  // Names of dimensions may be formulas; a size has no '='.
  auto [name, size] = text.rsplit('=');
  if (name.empty() || name.size() == text.size())
    return expect(option, "NAME=SIZE", text);
  dim.name = name;
  return parseSize(option, size, dim.size);
}

Status burin::parseShape(StringRef text, ImportOptions::InputShape &shape) {
  auto [name, sizes] = text.rsplit('=');
  if (name.empty() || name.size() == text.size())
    return expect("--shape", "INPUT=2x3x?", text);
  shape.input = name;
  SmallVector<StringRef> parts;
  if (!sizes.empty())
    sizes.split(parts, 'x');
  for (StringRef part : parts)
    if (Status status = parseSize("--shape", part, shape.sizes.emplace_back());
        !status.isOk())
      return status;
  return {};
}

Status burin::parseEntry(StringRef text, ImportOptions::Entry &entry) {
  auto [name, dims] = text.split(':');
  bool isIdentifier =
      !name.empty() && !isDigit(name[0]) &&
      all_of(name, [](char c) { return isAlnum(c) || c == '_'; });
  if (!isIdentifier)
    return expect("--entry", "NAME:DIM=SIZE,..., with NAME as in C", text);
  entry.name = name;
  SmallVector<StringRef> parts;
  dims.split(parts, ',', /*MaxSplit=*/-1, /*KeepEmpty=*/false);
  for (StringRef part : parts)
    if (Status status = parseDim("--entry", part, entry.dims.emplace_back());
        !status.isOk())
      return status;
  return {};
}

Status burin::parseState(StringRef text, StatePattern &pattern) {
  auto [input, output] = text.split('=');
  if (input.empty() || output.empty() || input.count('*') > 1 ||
      input.count('*') != output.count('*'))
    return expect("--state",
                  "INPUT=OUTPUT, both with one '*' or none, or 'none'", text);
  pattern = {input.str(), output.str()};
  return {};
}

template <typename T>
static Status parseWord(StringRef option, StringRef text,
                        ArrayRef<std::pair<StringLiteral, T>> words, T &value) {
  std::string list;
  for (auto &[word, meaning] : words) {
    if (text == word) {
      value = meaning;
      return {};
    }
    list += list.empty() ? "" : &word == &words.back().first ? " or " : ", ";
    list += word;
  }
  return expect(option, list, text);
}

Status burin::parseEmit(StringRef text, Emit &emit) {
  static constexpr std::pair<StringLiteral, Emit> words[] = {
      {"nn", Emit::NN},     {"linalg", Emit::Linalg}, {"exec", Emit::Exec},
      {"llvm", Emit::Llvm}, {"asm", Emit::Asm},       {"obj", Emit::Obj},
      {"lib", Emit::Lib},   {"shared", Emit::Shared}, {"exe", Emit::Exe},
      {"ptx", Emit::Ptx},   {"hls", Emit::Hls}};
  return parseWord<Emit>("--emit", text, words, emit);
}

Status burin::parseWeights(StringRef text, Weights &weights) {
  static constexpr std::pair<StringLiteral, Weights> words[] = {
      {"embedded", Weights::Embedded}, {"external", Weights::External}};
  return parseWord<Weights>("--weights", text, words, weights);
}

Status burin::parseMath(StringRef text, Math &math) {
  static constexpr std::pair<StringLiteral, Math> words[] = {
      {"strict", Math::Strict},
      {"default", Math::Default},
      {"fast", Math::Fast}};
  return parseWord<Math>("--math", text, words, math);
}
