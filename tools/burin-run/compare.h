//===- compare.h - Whether an output is what was expected -------*- C++ -*-===//

#ifndef BURIN_RUN_COMPARE_H
#define BURIN_RUN_COMPARE_H

#include "burin/runtime.h"
#include <string>

namespace burin_run {

struct Comparison {
  bool ok = false;
  double maxAbs = 0; // |a - e|
  double maxRel = 0; // |a - e| / |e|
  std::string what;  // where not ok
};

/// Integers and booleans must be equal, floats within atol + rtol x |e|; NaN
/// equals NaN. Negative tolerances are chosen by the element type.
Comparison compare(const burin_tensor &actual, const burin_tensor &expected,
                   double rtol, double atol);

} // namespace burin_run

#endif // BURIN_RUN_COMPARE_H
