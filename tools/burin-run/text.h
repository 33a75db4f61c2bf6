//===- text.h - Names from files, made fit for where they go ----*- C++ -*-===//

#ifndef BURIN_RUN_TEXT_H
#define BURIN_RUN_TEXT_H

#include <string>
#include <string_view>

namespace burin_run {

/// With control characters and broken UTF-8 as \xNN, so that a name out of a
/// file cannot steer a terminal.
std::string escape(std::string_view text);

/// A JSON string, with its quotes.
std::string quoteJson(std::string_view text);

/// A tensor's name as the name of a file: %XX for all but A-Z a-z 0-9 _ - . and
/// for a leading dot. Decoding leaves alone what is no %XX.
std::string percentEncode(std::string_view name);
std::string percentDecode(std::string_view text);

/// One line on stderr, escaped.
[[gnu::format(printf, 1, 2)]] void complain(const char *format, ...);

/// Like snprintf, into a string.
[[gnu::format(printf, 1, 2)]] std::string format(const char *format, ...);

} // namespace burin_run

#endif // BURIN_RUN_TEXT_H
