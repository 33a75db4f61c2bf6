//===- text.cpp - Names from files, made fit for where they go ------------===//

#include "text.h"
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <vector>

using namespace burin_run;

namespace {

bool isContinuation(char c) { return (c & 0xc0) == 0x80; }

/// Bytes of the UTF-8 character that `text` starts with; 0 if it is none.
size_t getCharacterSize(std::string_view text) {
  auto first = static_cast<unsigned char>(text[0]);
  size_t size = first < 0x80   ? 1
                : first < 0xc2 ? 0
                : first < 0xe0 ? 2
                : first < 0xf0 ? 3
                : first < 0xf5 ? 4
                               : 0;
  if (size > text.size())
    return 0;
  for (size_t i = 1; i < size; ++i)
    if (!isContinuation(text[i]))
      return 0;
  return size;
}

/// Of one character: below space, DEL, and U+0080 to U+009F.
bool isControl(std::string_view character) {
  auto first = static_cast<unsigned char>(character[0]);
  return first < 0x20 || first == 0x7f ||
         (first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0);
}

bool isPlain(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

int fromHex(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                : -1;
}

std::string formatList(const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(nullptr, 0, format, arguments);
  std::vector<char> text(length < 0 ? 1 : length + 1);
  vsnprintf(text.data(), text.size(), format, again);
  va_end(again);
  return std::string(text.data());
}

} // namespace

std::string burin_run::escape(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    size_t size = getCharacterSize(text);
    if (size && !isControl(text.substr(0, size)))
      result += text.substr(0, size);
    else
      for (size_t i = 0; i < (size ? size : 1); ++i)
        result += format("\\x%02x", static_cast<unsigned char>(text[i]));
    text.remove_prefix(size ? size : 1);
  }
  return result;
}

std::string burin_run::quoteJson(std::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    size_t size = getCharacterSize(text);
    char first = text[0];
    if (!size)
      result += "\\ufffd";
    else if (first == '"' || first == '\\')
      (result += '\\') += first;
    else if (size == 1 && isControl(text.substr(0, 1)))
      result += format("\\u%04x", first);
    else
      result += text.substr(0, size);
    text.remove_prefix(size ? size : 1);
  }
  return result + '"';
}

std::string burin_run::percentEncode(std::string_view name) {
  std::string result;
  for (char c : name)
    if (isPlain(c) && !(c == '.' && result.empty()))
      result += c;
    else
      result += format("%%%02X", static_cast<unsigned char>(c));
  return result;
}

std::string burin_run::percentDecode(std::string_view text) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && fromHex(text[i + 1]) >= 0 &&
        fromHex(text[i + 2]) >= 0) {
      result += char(fromHex(text[i + 1]) * 16 + fromHex(text[i + 2]));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string burin_run::format(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::string text = formatList(format, arguments);
  va_end(arguments);
  return text;
}

void burin_run::complain(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::string text = formatList(format, arguments);
  va_end(arguments);
  // A hundred thousand characters of an option help nobody.
  constexpr size_t most = 1000;
  if (text.size() > most)
    text = text.substr(0, most) + "...";
  fprintf(stderr, "%s: error: %s\n",
          escape(program_invocation_short_name).c_str(), escape(text).c_str());
}
