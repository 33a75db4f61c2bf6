//===- LowerQuant.cpp ---------------------------------------------===//

#include "passes/Lower/Lowering.h"

void burin::addQuantLowerings(LowerTable &table) {}
