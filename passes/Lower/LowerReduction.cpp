//===- LowerReduction.cpp ---------------------------------------------===//

#include "passes/Lower/Lowering.h"

void burin::addReductionLowerings(LowerTable &table) {}
