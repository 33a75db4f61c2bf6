//===- LowerIndexing.cpp ---------------------------------------------===//

#include "passes/Lower/Lowering.h"

void burin::addIndexingLowerings(LowerTable &table) {}
