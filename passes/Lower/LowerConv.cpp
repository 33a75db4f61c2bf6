//===- LowerConv.cpp ---------------------------------------------===//

#include "passes/Lower/Lowering.h"

void burin::addConvLowerings(LowerTable &table) {}
