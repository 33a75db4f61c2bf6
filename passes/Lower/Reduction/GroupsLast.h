//===- GroupsLast.h - Groups of channels that come last ---------*- C++ -*-===//

#ifndef BURIN_PASSES_LOWER_REDUCTION_GROUPSLAST_H
#define BURIN_PASSES_LOWER_REDUCTION_GROUPSLAST_H

#include "passes/Lower/Reduction/Folding.h"

namespace burin {

/// Sizes: `count` groups of `size` channels each.
struct ChannelGroups {
  mlir::OpFoldResult batch, area, count, size;
};

/// A lowered tensor of one number per channel, or per group.
struct ChannelParameter {
  mlir::Value tensor;
  mlir::Type element; ///< The nn type.
  bool perGroup;
};

/// `x`, lowered, of shape [batch, area, channels], normalized within its groups.
mlir::Value normalizeGroupsLast(Lowering &l, mlir::Value x, mlir::Type element,
                                const ChannelGroups &groups,
                                ChannelParameter scale, ChannelParameter bias,
                                double epsilon);

} // namespace burin

#endif // BURIN_PASSES_LOWER_REDUCTION_GROUPSLAST_H
