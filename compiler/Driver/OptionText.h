//===- OptionText.h - Values of options, read from text ---------*- C++ -*-===//

#ifndef BURIN_COMPILER_DRIVER_OPTIONTEXT_H
#define BURIN_COMPILER_DRIVER_OPTIONTEXT_H

#include "compiler/Driver/Options.h"

namespace burin {

// Each sets its last argument, or says what it expects.

/// A whole number from `least` to `most`.
Status parseNumber(llvm::StringRef option, llvm::StringRef text, int64_t least,
                   int64_t most, int64_t &number);
/// "seq=128", or "seq=?" to leave it open.
Status parseDim(llvm::StringRef option, llvm::StringRef text,
                ImportOptions::Dim &dim);
/// "x=2x3x?"; "x=" is a scalar.
Status parseShape(llvm::StringRef text, ImportOptions::InputShape &shape);
/// "decode:seq=1,past=?", or a name alone.
Status parseEntry(llvm::StringRef text, ImportOptions::Entry &entry);
/// "past_key_values.*=present.*".
Status parseState(llvm::StringRef text, StatePattern &pattern);

Status parseEmit(llvm::StringRef text, Emit &emit);
Status parseWeights(llvm::StringRef text, Weights &weights);
Status parseMath(llvm::StringRef text, Math &math);

} // namespace burin

#endif // BURIN_COMPILER_DRIVER_OPTIONTEXT_H
