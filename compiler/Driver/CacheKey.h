//===- CacheKey.h - What the outputs of a compilation depend on -*- C++ -*-===//

#ifndef BURIN_COMPILER_DRIVER_CACHEKEY_H
#define BURIN_COMPILER_DRIVER_CACHEKEY_H

#include "compiler/Driver/Options.h"
#include "compiler/Import/Onnx/Model.h"

namespace burin {

/// A name for all that decides what comes out: the bytes of the model, which has
/// been imported, and of its side files; the options and processors; and this
/// compiler, its libraries and its linker. Empty where something of it cannot be
/// known.
std::string makeCacheKey(const CompileOptions &options, const Model &model);

} // namespace burin

#endif // BURIN_COMPILER_DRIVER_CACHEKEY_H
