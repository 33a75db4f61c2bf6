//===- LowerMovement.cpp ---------------------------------------------===//

#include "passes/Lower/Lowering.h"

void burin::addMovementLowerings(LowerTable &table) {}
