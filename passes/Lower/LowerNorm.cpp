//===- LowerNorm.cpp ---------------------------------------------===//

#include "passes/Lower/Lowering.h"

void burin::addNormLowerings(LowerTable &table) {}
