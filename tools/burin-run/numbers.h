//===- numbers.h - Elements of any type as doubles --------------*- C++ -*-===//

#ifndef BURIN_RUN_NUMBERS_H
#define BURIN_RUN_NUMBERS_H

#include <cstddef>
#include <cstdint>

namespace burin_run {

bool isFloat(int32_t dtype);

/// Element `index` of `data`; integers above 2^53 are rounded.
double readNumber(const void *data, int32_t dtype, size_t index);

/// Stores a number that the type can hold, rounded towards zero.
void writeNumber(void *data, int32_t dtype, size_t index, double value);

} // namespace burin_run

#endif // BURIN_RUN_NUMBERS_H
