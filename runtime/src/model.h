//===- model.h - A loaded model ---------------------------------*- C++ -*-===//

#ifndef BURIN_SRC_MODEL_H
#define BURIN_SRC_MODEL_H

#include "burin/runtime.h"

struct burin_model {
  const burin_model_desc *desc;
  void *library;                  // of dlopen, or NULL
  const unsigned char **sections; // where the weights lie
  uint64_t weightsBytes;
  /// Per dimension of each input of all entries: the first dimension of the
  /// same entry with the same symbol, which it must equal, as input * 8 + axis;
  /// -1 where the descriptor alone says what fits.
  int32_t *twins;
  int32_t *firstTwin; // per entry
};

namespace burin {

/// Whether all that the runtime will follow in `desc` is there and makes sense.
/// `chosen` is the best of its levels that this machine can run.
burin_status verifyModel(const burin_model_desc *desc,
                         const burin_model_desc **chosen, burin_error *error);

/// Whether this machine can run what was compiled for the processor of `desc`.
burin_status checkCpu(const burin_model_desc &desc, burin_error *error);

/// Finds or maps every section of weights, in the order of the descriptor.
burin_status mapWeights(burin_model &model, const char *folder,
                        burin_error *error);
void unmapWeights(burin_model &model);

/// Whether the regular file `fd` is a whole shared library of this machine that
/// exports the symbol of an artifact: the loader itself trusts what it is
/// given.
burin_status checkArtifact(int fd, const char *path, burin_error *error);

} // namespace burin

#endif // BURIN_SRC_MODEL_H
