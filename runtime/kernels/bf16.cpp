//===- bf16.cpp - What LLVM calls to make a bf16 of an f32 ----------------===//
//
// For a processor without bf16, what reads or chooses between numbers of 16 bits
// widens and narrows them. compiler-rt and newer libgccs have this function, but
// an artifact needs neither.
//
//===----------------------------------------------------------------------===//

#include "views.h"

/// Returns the bf16 where one is returned, in the low bits of a float's register:
/// not every compiler knows the type.
extern "C" float __truncsfbf2(float value) {
  return burin::fromBits(burin::BFloat::from(value).bits);
}
