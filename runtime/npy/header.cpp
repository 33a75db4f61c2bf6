//===- header.cpp - Parse the header of a .npy file -----------------------===//
//
// The header is a Python dictionary. NumPy has Python read it; here only what
// np.save writes is understood, and everything else refused.
//
//===----------------------------------------------------------------------===//

#include "npy.h"
#include <string.h>

using namespace burin;

namespace {

class Parser {
public:
  Parser(const char *text, size_t length) : at(text), end(text + length) {}

  bool parse(NpyHeader &out);

  /// More precise than "is no header", where it is known.
  const char *problem = nullptr;

private:
  struct Text {
    const char *begin;
    size_t length;
    bool is(const char *other) const {
      return strlen(other) == length && memcmp(begin, other, length) == 0;
    }
  };

  void skipSpace() {
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\t'))
      ++at;
  }

  bool take(char wanted) {
    skipSpace();
    if (at == end || *at != wanted)
      return false;
    ++at;
    return true;
  }

  bool take(const char *word) {
    skipSpace();
    size_t length = strlen(word);
    if (size_t(end - at) < length || memcmp(at, word, length) != 0)
      return false;
    at += length;
    return true;
  }

  bool fails(const char *why) {
    problem = why;
    return false;
  }

  bool parseString(Text &out);
  bool parseType(NpyHeader &out);
  bool parseOrder(NpyHeader &out);
  bool parseNumber(int64_t &out);
  bool parseShape(NpyHeader &out);

  const char *at;
  const char *end;
};

bool Parser::parseString(Text &out) {
  skipSpace();
  if (at == end || (*at != '\'' && *at != '"'))
    return false;
  char quote = *at++;
  out.begin = at;
  while (at < end && *at != quote && *at != '\\')
    ++at;
  out.length = size_t(at - out.begin);
  return take(quote);
}

bool Parser::parseType(NpyHeader &out) {
  Text type;
  if (!parseString(type))
    return fails("has records or an odd type as elements");
  size_t i = 0;
  char order = type.length ? type.begin[0] : '\0';
  if (order == '<' || order == '>' || order == '|' || order == '=')
    ++i;
  if (i == type.length)
    return fails("has an unknown element type");
  out.kind = type.begin[i++];
  out.itemBytes = 0;
  if (out.kind == 'O')
    return fails("has pickled objects, which are not read");
  if (i == type.length)
    return fails("has an unknown element type");
  for (; i < type.length; ++i) {
    char digit = type.begin[i];
    if (digit < '0' || digit > '9' || out.itemBytes > 1'000'000)
      return fails("has an unknown element type");
    out.itemBytes = out.itemBytes * 10 + (digit - '0');
  }
  out.bigEndian = order == '>' && (out.itemBytes > 1 || out.kind == 'U');
  return true;
}

bool Parser::parseOrder(NpyHeader &out) {
  out.fortranOrder = take("True");
  return out.fortranOrder || take("False");
}

bool Parser::parseNumber(int64_t &out) {
  skipSpace();
  if (at < end && *at == '-')
    return fails("has a negative dimension");
  const char *begin = at;
  for (out = 0; at < end && *at >= '0' && *at <= '9'; ++at)
    if (__builtin_mul_overflow(out, 10, &out) ||
        __builtin_add_overflow(out, *at - '0', &out))
      return fails("has a dimension that is out of range");
  if (at == begin)
    return false;
  take('L'); // Python 2 wrote long integers so.
  return true;
}

bool Parser::parseShape(NpyHeader &out) {
  if (!take('('))
    return false;
  bool comma = true;
  for (out.rank = 0; !take(')'); ++out.rank) {
    if (!comma)
      return false;
    if (out.rank == BURIN_MAX_RANK)
      return fails("has more than 8 dimensions");
    if (!parseNumber(out.shape[out.rank]))
      return false;
    comma = take(',');
  }
  // "(3)" is a number in Python, not a shape.
  return out.rank != 1 || comma;
}

bool Parser::parse(NpyHeader &out) {
  bool hasType = false, hasOrder = false, hasShape = false;
  if (!take('{'))
    return false;
  while (!take('}')) {
    Text key;
    if (!parseString(key) || !take(':'))
      return false;
    bool *has = key.is("descr")           ? &hasType
                : key.is("fortran_order") ? &hasOrder
                : key.is("shape")         ? &hasShape
                                          : nullptr;
    if (!has || *has)
      return fails("has a header with wrong keys");
    *has = true;
    if (has == &hasType    ? !parseType(out)
        : has == &hasOrder ? !parseOrder(out)
                           : !parseShape(out))
      return false;
    if (!take(',')) {
      if (!take('}'))
        return false;
      break;
    }
  }
  skipSpace();
  return at == end && hasType && hasOrder && hasShape;
}

} // namespace

const char *burin::parseNpyHeader(const char *text, size_t length,
                                  NpyHeader &out) {
  Parser parser(text, length);
  if (parser.parse(out))
    return nullptr;
  return parser.problem ? parser.problem : "has a header that makes no sense";
}
