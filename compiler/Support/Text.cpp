//===- Text.cpp - Text out of files, made fit for a terminal --------------===//

#include "compiler/Support/Text.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"

using namespace llvm;

/// Bytes of the UTF-8 character that `text` begins with; 0 if there is none.
static size_t getCharacter(StringRef text) {
  auto *begin = reinterpret_cast<const UTF8 *>(text.data());
  size_t length = getNumBytesForUTF8(*begin);
  return length <= text.size() && isLegalUTF8Sequence(begin, begin + length)
             ? length
             : 0;
}

/// The C1 controls, U+0080 to U+009F, steer terminals too.
static bool isControl(StringRef character) {
  uint8_t first = character[0];
  return first < 32 || first == 127 ||
         (first == 0xC2 && uint8_t(character[1]) < 0xA0);
}

static void escapeInto(std::string &out, StringRef text, bool keepLines) {
  while (!text.empty()) {
    size_t length = getCharacter(text);
    bool line = keepLines && (text[0] == '\n' || text[0] == '\t');
    bool plain = line || (length && !isControl(text.take_front(length)));
    StringRef bytes = text.take_front(std::max<size_t>(length, 1));
    if (plain)
      out += bytes;
    else
      for (char byte : bytes)
        out += "\\x" + toHex(StringRef(&byte, 1));
    text = text.drop_front(bytes.size());
  }
}

std::string burin::escape(StringRef text, size_t limit, bool keepLines) {
  std::string out;
  if (text.size() <= limit) {
    escapeInto(out, text, keepLines);
    return out;
  }
  // Both ends are cut between characters, where there are any.
  size_t head = limit * 2 / 3, tail = text.size() - limit / 3;
  auto isInside = [&](size_t at) { return (text[at] & 0xC0) == 0x80; };
  for (int i = 0; i < 3 && isInside(head); ++i)
    --head;
  for (int i = 0; i < 3 && isInside(tail); ++i)
    ++tail;
  escapeInto(out, text.take_front(head), keepLines);
  out += "...";
  escapeInto(out, text.drop_front(tail), keepLines);
  return out;
}

bool burin::isCleanUtf8(StringRef text) {
  auto *begin = reinterpret_cast<const UTF8 *>(text.data());
  return !text.contains('\0') && isLegalUTF8String(&begin, begin + text.size());
}
