//===- Header.h - The header of a model as a library ------------*- C++ -*-===//

#ifndef BURIN_COMPILER_ARTIFACT_HEADER_H
#define BURIN_COMPILER_ARTIFACT_HEADER_H

#include "compiler/Artifact/Descriptor.h"
#include "llvm/Support/raw_ostream.h"

namespace burin {

/// Writes the C header that goes with a library whose names start with
/// `prefix`: one typed function per entry, and `prefix`_model, which returns
/// the descriptor. `library` is the file to link.
void writeHeader(const ModelInterface &model, const WeightsInfo &weights,
                 llvm::StringRef prefix, llvm::StringRef library,
                 llvm::raw_ostream &os);

} // namespace burin

#endif // BURIN_COMPILER_ARTIFACT_HEADER_H
