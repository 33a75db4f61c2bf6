//===- inputs.h - Tensors from files and from nothing -----------*- C++ -*-===//

#ifndef BURIN_RUN_INPUTS_H
#define BURIN_RUN_INPUTS_H

#include "burin/runtime.h"
#include "options.h"

namespace burin_run {

/// Tensors whose data this list frees.
class TensorList {
public:
  explicit TensorList(size_t size = 0) : tensors(size) {}
  ~TensorList();
  TensorList(const TensorList &) = delete;
  TensorList &operator=(const TensorList &) = delete;

  void resize(size_t size) { tensors.resize(size); }
  size_t size() const { return tensors.size(); }
  burin_tensor *data() { return tensors.data(); }
  const burin_tensor *data() const { return tensors.data(); }
  burin_tensor &operator[](size_t i) { return tensors[i]; }
  const burin_tensor &operator[](size_t i) const { return tensors[i]; }

private:
  std::vector<burin_tensor> tensors;
};

/// Every input of the entry: read from its --input, or else as --fill says.
/// Complains; an ExitCode.
int prepareInputs(const burin_entry_desc &entry, const Options &options,
                  TensorList &out);

/// One tensor per output; those that have an --expect get data.
int readExpected(const burin_entry_desc &entry, const Options &options,
                 TensorList &out);

/// Makes up the values of a tensor that has room for them. `stream` tells the
/// inputs of one seed apart.
void fillTensor(burin_tensor &tensor, Fill fill, uint64_t seed,
                uint64_t stream);

} // namespace burin_run

#endif // BURIN_RUN_INPUTS_H
