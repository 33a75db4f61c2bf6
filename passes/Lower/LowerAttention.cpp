//===- LowerAttention.cpp ---------------------------------------------===//

#include "passes/Lower/Lowering.h"

void burin::addAttentionLowerings(LowerTable &table) {}
