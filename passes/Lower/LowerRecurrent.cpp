//===- LowerRecurrent.cpp ---------------------------------------------===//

#include "passes/Lower/Lowering.h"

void burin::addRecurrentLowerings(LowerTable &table) {}
