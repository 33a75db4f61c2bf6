//===- Packing.cpp - Operands of contractions in panels -------------------===//

#include "passes/Exec/Tiles/Packing.h"
#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "passes/Exec/Loops/IndexEmitter.h"
#include "passes/Exec/Vectors.h"

using namespace mlir;
using namespace burin;

PanelLayout burin::getPanelLayout(const Contraction &c, bool isLhs,
                                  int64_t width) {
  PanelLayout layout;
  layout.operand = isLhs ? c.lhs : c.rhs;
  layout.width = width;
  layout.lines = isLhs ? c.rows : c.columns;
  for (unsigned d : c.batch)
    if (nn::getStatic(c.getOperand(layout.operand).coefficients[d]) != 0)
      layout.batch.push_back(d);
  return layout;
}

/// All that one thread runs of what is around the insertion point.
static Operation *getScope(ImplicitLocOpBuilder &b) {
  Operation *scope = b.getInsertionBlock()->getParentOp();
  while (!isa<exec::ParallelOp, FunctionOpInterface>(scope))
    scope = scope->getParentOp();
  return scope;
}

Value burin::createStackBuffer(ImplicitLocOpBuilder &b, MemRefType type) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&getScope(b)->getRegion(0).front());
  return b.create<memref::AllocaOp>(type, b.getI64IntegerAttr(cacheLine));
}

Value burin::createStackBuffer(ImplicitLocOpBuilder &b, int64_t count, Type element) {
  return b.create<memref::CastOp>(MemRefType::get({ShapedType::kDynamic}, element),
                                  createStackBuffer(b, MemRefType::get({count}, element)));
}

Value burin::createBuffer(ImplicitLocOpBuilder &b, Value count, Type element) {
  std::optional<int64_t> known = getConstantIntValue(count);
  if (isa<exec::ParallelOp>(getScope(b)))
    return createStackBuffer(b, known.value(), element);
  Value buffer = b.create<memref::AllocOp>(
      MemRefType::get({known.value_or(ShapedType::kDynamic)}, element),
      known ? ValueRange() : ValueRange(count));
  return b.createOrFold<memref::CastOp>(MemRefType::get({ShapedType::kDynamic}, element),
                                        buffer);
}

Value burin::createElementView(ImplicitLocOpBuilder &b, Value buffer, Type element) {
  int64_t bytes = cast<MemRefType>(buffer.getType()).getDimSize(0);
  if (element.isInteger(8))
    return buffer;
  int64_t each = element.getIntOrFloatBitWidth() / 8;
  Value zero = b.create<arith::ConstantIndexOp>(0);
  if (!ShapedType::isDynamic(bytes))
    return b.create<memref::ViewOp>(MemRefType::get({bytes / each}, element), buffer,
                                    zero, ValueRange());
  Value size = b.create<arith::DivUIOp>(b.create<memref::DimOp>(buffer, zero),
                                        b.create<arith::ConstantIndexOp>(each));
  return b.create<memref::ViewOp>(MemRefType::get({ShapedType::kDynamic}, element),
                                  buffer, zero, size);
}

namespace {
/// Emits the copy of one panel.
class PanelPacker : IndexEmitter {
public:
  PanelPacker(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
              const Contraction &c, const PanelLayout &layout, Value target,
              int64_t lanes)
      : IndexEmitter(b, &shapes), shapes(shapes), c(c), layout(layout),
        access(c.getOperand(layout.operand)), target(target), lanes(lanes) {}

  void emit(ArrayRef<Value> batchIndex, Value panel, Value lower, Value upper,
            Value start) {
    Value base = number(0);
    for (unsigned d : layout.batch)
      base = add(base, mul(batchIndex[d], coefficient(d)));
    count = value(c.getSize(shapes, layout.lines));
    first = mul(panel, number(layout.width));
    std::optional<int64_t> stride = getSingleStride();
    if (layout.lines.size() == 1 && stride == 1 && c.isPlain(layout.operand))
      return emitContiguous(add(base, first), lower, upper, start);
    if (canTranspose())
      return emitTransposed(base, lower, upper, start);
    if (layout.lines.size() == 1)
      return emitStrided(base, lower, upper, start, number(0),
                         number(layout.width));
    emitScattered(base, lower, upper, start);
  }

private:
  Value coefficient(unsigned d) { return value(access.coefficients[d]); }

  std::optional<int64_t> getSingleStride() {
    return nn::getStatic(access.coefficients[layout.lines[0]]);
  }

  /// Loops over the depth, the first loop in [lower, upper). `body` gets the
  /// offset in memory and the number of the depth step.
  void emitDepth(Value lower, Value upper,
                 function_ref<void(Value offset, Value step)> body) {
    emitRuns(0, lower, upper, number(0), number(0),
             [&](Value offset, Value step, Value begin, Value end) {
      emitLoop(begin, end, 1, [&](Value i) {
        body(add(offset, mul(i, coefficient(c.depth.back()))), add(step, sub(i, begin)));
      });
    });
  }

  /// Loops over the depth but the innermost one, whose bounds `body` gets besides
  /// what emitDepth gives.
  void emitRuns(size_t k, Value lower, Value upper, Value offset, Value step,
                function_ref<void(Value, Value, Value, Value)> body) {
    unsigned d = c.depth[k];
    Value size = value(c.nest.sizes[d]);
    Value begin = k == 0 ? lower : number(0), end = k == 0 ? upper : size;
    Value firstStep = k == 0 ? step : mul(step, size);
    if (k + 1 == c.depth.size())
      return body(offset, firstStep, begin, end);
    emitLoop(begin, end, 1, [&](Value i) {
      emitRuns(k + 1, lower, upper, add(offset, mul(i, coefficient(d))),
               add(firstStep, sub(i, begin)), body);
    });
  }

  Value load(Value address) {
    Value element = b.create<memref::LoadOp>(access.memory, address);
    return buildFactor(b, c, layout.operand, element);
  }

  void store(Value value, Value start, Value step, Value line) {
    Value at = add(add(start, mul(step, number(layout.width))), line);
    b.create<memref::StoreOp>(value, target, at);
  }

  /// Lines next to each other in memory: vectors are copied.
  void emitContiguous(Value base, Value lower, Value upper, Value start) {
    auto type = VectorType::get(lanes, c.getType());
    Value left = sub(count, first);
    auto emitCopy = [&](bool masked) {
      SmallVector<Value> masks; // Null for whole vectors.
      int64_t vectors = llvm::divideCeil(layout.width, lanes);
      for (int64_t v = 0; v < vectors; ++v) {
        Value limit = number(std::min(layout.width - v * lanes, lanes)), alive = limit;
        if (masked)
          alive = b.create<arith::MinSIOp>(sub(left, number(v * lanes)), limit);
        bool isWhole = !masked && layout.width >= (v + 1) * lanes;
        masks.push_back(isWhole ? Value() : createMask(b, lanes, alive));
      }
      emitDepth(lower, upper, [&](Value offset, Value step) {
        for (int64_t v = 0; v < vectors; ++v) {
          Value from = add(add(base, offset), number(v * lanes));
          Value to = add(add(start, mul(step, number(layout.width))),
                         number(v * lanes));
          bool mayPass = layout.width < (v + 1) * lanes;
          Value value = loadVector(b, type, access.memory, from, masks[v]);
          storeVector(b, value, target, to, mayPass ? masks[v] : Value());
        }
      });
    };
    emitIf(isAtMost(number(layout.width), left), [&] { emitCopy(/*masked=*/false); },
           [&] { emitCopy(/*masked=*/true); });
  }

  /// The lines [from, to) of the panel one by one, those that exist.
  void emitStrided(Value base, Value lower, Value upper, Value start, Value from,
                   Value to) {
    emitLoop(from, min(sub(count, first), to), 1, [&](Value line) {
      Value origin = add(base, mul(add(first, line), coefficient(layout.lines[0])));
      emitDepth(lower, upper, [&](Value offset, Value step) {
        store(load(add(origin, offset)), start, step, line);
      });
    });
  }

  /// Whether the elements of a line lie side by side: squares of them are then
  /// transposed in registers.
  bool canTranspose() {
    return layout.lines.size() == 1 && c.isPlain(layout.operand) && lanes > 1 &&
           layout.width % lanes == 0 &&
           nn::getStatic(access.coefficients[c.depth.back()]) == 1;
  }

  void emitTransposed(Value base, Value lower, Value upper, Value start) {
    Value left = sub(count, first);
    for (int64_t group = 0; group < layout.width; group += lanes) {
      Value end = number(group + lanes);
      emitIf(isAtMost(end, left), [&] { emitSquares(base, lower, upper, start, group); },
             [&] { emitStrided(base, lower, upper, start, number(group), end); });
    }
  }

  /// `lanes` lines from `group` on: `lanes` steps of the innermost depth loop at a
  /// time, then those that are left.
  void emitSquares(Value base, Value lower, Value upper, Value start,
                   int64_t group) {
    Value stride = coefficient(layout.lines[0]);
    SmallVector<Value> origins;
    for (int64_t line = 0; line < lanes; ++line)
      origins.push_back(
          add(base, mul(add(first, number(group + line)), stride)));
    emitRuns(0, lower, upper, number(0), number(0),
             [&](Value offset, Value step, Value begin, Value end) {
      Value whole = sub(end, rem(sub(end, begin), number(lanes)));
      emitLoop(begin, whole, lanes, [&](Value at) {
        emitSquare(origins, add(offset, at), start, add(step, sub(at, begin)), group);
      });
      emitLoop(whole, end, 1, [&](Value at) {
        Value place = add(offset, at), to = add(step, sub(at, begin));
        for (auto [line, origin] : llvm::enumerate(origins))
          store(load(add(origin, place)), start, to, number(group + line));
      });
    });
  }

  /// `lanes` elements of each line from `place` on, as `lanes` steps from `step`.
  void emitSquare(ArrayRef<Value> origins, Value place, Value start, Value step,
                  int64_t group) {
    auto type = VectorType::get(lanes, c.getType());
    SmallVector<Value> rows;
    for (Value origin : origins)
      rows.push_back(
          b.create<vector::LoadOp>(type, access.memory, add(origin, place)));
    // Blocks of `size` change places with their neighbours, then smaller ones.
    for (int64_t size = lanes / 2; size > 0; size /= 2) {
      SmallVector<int64_t> low, high;
      for (int64_t i = 0; i < lanes; ++i) {
        bool isLow = (i & size) == 0;
        low.push_back(isLow ? i : lanes + i - size);
        high.push_back(isLow ? i + size : lanes + i);
      }
      for (int64_t i = 0; i < lanes; ++i) {
        if (i & size)
          continue;
        Value x = rows[i], y = rows[i + size];
        rows[i] = b.create<vector::ShuffleOp>(x, y, low);
        rows[i + size] = b.create<vector::ShuffleOp>(x, y, high);
      }
    }
    for (auto [i, row] : llvm::enumerate(rows)) {
      Value line = mul(add(step, number(i)), number(layout.width));
      b.create<vector::StoreOp>(row, target, add(add(start, line), number(group)));
    }
  }

  /// Output positions of a convolution: the offset of each line first, then per
  /// depth step vectors where the lines lie side by side, scalars elsewhere.
  void emitScattered(Value base, Value lower, Value upper, Value start) {
    Value offsets =
        createStackBuffer(b, MemRefType::get({layout.width}, b.getIndexType()));
    Value last = sub(count, number(1));
    emitLoop(number(0), number(layout.width), 1, [&](Value line) {
      // Lines past the end read the last one: any value will do.
      Value rest = min(add(first, line), last), offset = base;
      for (size_t k = layout.lines.size(); k-- > 0;) {
        unsigned d = layout.lines[k];
        Value size = value(c.nest.sizes[d]);
        Value i = k == 0 ? rest : rem(rest, size);
        if (k > 0)
          rest = div(rest, size);
        offset = add(offset, mul(i, coefficient(d)));
      }
      b.create<memref::StoreOp>(offset, offsets, line);
    });
    int64_t group = layout.width % lanes == 0 ? lanes : 1;
    for (int64_t g = 0; g < layout.width; g += group)
      emitGroup(offsets, g, group, lower, upper, start);
  }

  /// True where the lines from `g` on lie beside each other, from `head` on.
  /// Their ends alone do not tell: a gap may make up for lines past the end.
  Value isRun(Value offsets, int64_t g, int64_t group, Value head) {
    auto type = VectorType::get(group, b.getIndexType());
    Value found = b.create<vector::LoadOp>(type, offsets, number(g));
    Value run = b.create<arith::AddIOp>(
        b.create<vector::BroadcastOp>(type, head),
        b.create<arith::ConstantOp>(DenseElementsAttr::get(
            type, llvm::map_to_vector(llvm::seq(group), [&](int64_t i) -> Attribute {
              return b.getIndexAttr(i);
            }))));
    Value equal = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, found, run);
    return b.create<vector::ReductionOp>(vector::CombiningKind::AND, equal);
  }

  void emitGroup(Value offsets, int64_t g, int64_t group, Value lower,
                 Value upper, Value start) {
    Value head = b.create<memref::LoadOp>(offsets, number(g));
    auto emitScalars = [&] {
      SmallVector<Value> origins;
      for (int64_t line = 0; line < group; ++line)
        origins.push_back(b.create<memref::LoadOp>(offsets, number(g + line)));
      emitDepth(lower, upper, [&](Value offset, Value step) {
        for (int64_t line = 0; line < group; ++line)
          store(load(add(origins[line], offset)), start, step, number(g + line));
      });
    };
    if (group == 1 || !c.isPlain(layout.operand))
      return emitScalars();
    auto type = VectorType::get(group, c.getType());
    auto emitVectors = [&] {
      emitDepth(lower, upper, [&](Value offset, Value step) {
        Value value = b.create<vector::LoadOp>(type, access.memory,
                                               add(head, offset));
        Value to = add(add(start, mul(step, number(layout.width))), number(g));
        b.create<vector::StoreOp>(value, target, to);
      });
    };
    emitIf(isRun(offsets, g, group, head), emitVectors, emitScalars);
  }

  nn::ShapeBuilder &shapes;
  const Contraction &c;
  const PanelLayout &layout;
  const LinearAccess &access;
  Value target, count, first;
  int64_t lanes;
};
} // namespace

void burin::emitPackPanel(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                          const Contraction &contraction,
                          const PanelLayout &layout, ArrayRef<Value> batchIndex,
                          Value panel, Value lower, Value upper, Value target,
                          Value start, int64_t lanes) {
  PanelPacker(b, shapes, contraction, layout, target, lanes)
      .emit(batchIndex, panel, lower, upper, start);
}
