//===- fill.cpp - Values for inputs that nobody gave ----------------------===//

#include "inputs.h"
#include "numbers.h"

using namespace burin_run;

namespace {

/// SplitMix64: any seed is as good as another, and the same everywhere.
class Random {
public:
  Random(uint64_t seed, uint64_t stream)
      : state(seed ^ (stream + 1) * 0xd1342543de82ef95u) {}

  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }

private:
  uint64_t state;
};

double draw(Random &random, int32_t dtype) {
  uint64_t bits = random.next();
  // Powers of two are all that it has: 1/2 or 1.
  if (dtype == BURIN_F8E8M0)
    return bits >> 63 ? 1 : 0.5;
  if (isFloat(dtype))
    return double(int64_t(bits)) * 0x1p-63;
  return double(bits >> 63);
}

} // namespace

void burin_run::fillTensor(burin_tensor &tensor, Fill fill, uint64_t seed,
                           uint64_t stream) {
  size_t count = 0;
  burin_tensor_byte_size(&tensor, &count);
  count /= burin_dtype_size(tensor.dtype);
  Random random(seed, stream);
  for (size_t i = 0; i < count; ++i) {
    double value = fill == Fill::Random ? draw(random, tensor.dtype)
                   : fill == Fill::Ones ? 1
                                        : 0;
    writeNumber(tensor.data, tensor.dtype, i, value);
  }
}
