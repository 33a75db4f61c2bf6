//===- Naming.cpp - Names out of a model as names in C --------------------===//

#include "compiler/Artifact/Naming.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;
using namespace burin;

/// Compilers promise 63 characters; the rest is for numbers and prefixes.
static constexpr size_t maxLength = 40;

std::string burin::toIdentifier(StringRef text, StringRef first) {
  std::string result;
  for (char c : text.take_front(maxLength))
    result += isAlnum(c) ? c : '_';
  if (result.empty() || !isAlpha(result.front()))
    result = (first + (result.empty() ? "" : "_") + result).str();
  return result;
}

/// Keywords of C and C++, and macros that compilers define unasked.
static constexpr StringLiteral reserved =
    " NULL alignas alignof and and_eq asm auto bitand bitor bool break "
    "case catch char class co_await co_return co_yield compl concept "
    "const const_cast consteval constexpr constinit continue decltype "
    "default delete do double else enum explicit export extern false "
    "float for friend goto if inline int int16_t int32_t int64_t "
    "int8_t linux long mutable namespace new noexcept not not_eq "
    "nullptr operator or or_eq private protected public register "
    "reinterpret_cast requires restrict return short signed sizeof "
    "static static_assert static_cast struct switch template this "
    "thread_local throw true try typedef typeid typename typeof "
    "uint16_t uint32_t uint64_t uint8_t union unix unsigned using "
    "virtual void volatile wchar_t while xor xor_eq ";

static bool isReserved(StringRef name) {
  return reserved.contains((" " + name + " ").str());
}

std::string UniqueNames::add(const std::string &name) {
  std::string unique = isReserved(name) ? name + "_" : name;
  for (unsigned i = 2; !names.insert(unique).second; ++i)
    unique = name + "_" + std::to_string(i);
  return unique;
}
