//===- LowerMatrix.cpp ---------------------------------------------===//

#include "passes/Lower/Lowering.h"

void burin::addMatrixLowerings(LowerTable &table) {}
