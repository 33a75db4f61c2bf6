//===- MicroKernel.cpp - The innermost tile of a contraction --------------===//

#include "passes/Exec/Tiles/MicroKernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "passes/Exec/Loops/IndexEmitter.h"
#include "passes/Exec/Tiles/DotKernel.h"
#include "passes/Exec/Tiles/NextPanel.h"
#include "passes/Exec/Tiles/RowPairs.h"
#include "passes/Exec/Vectors.h"

using namespace mlir;
using namespace burin;

Tile burin::getTile(const Cpu &cpu, Type element, int64_t columns) {
  int64_t lanes = cpu.vectorBits / element.getIntOrFloatBitWidth();
  int64_t vectors =
      !ShapedType::isDynamic(columns) && columns <= lanes ? 1 : 2;
  // Half a vector of 512 bits takes half the time where units are 256 bits wide.
  bool isHalved = cpu.vectorBits >= 512 && isa<FloatType>(element);
  int64_t narrowest = isHalved ? lanes / 2 : lanes;
  // 14 x 2 of 32 registers, 6 x 2 of 16 (8 x 2 on NEON, whose vectors are short).
  if (cpu.registers < 32)
    return {6, vectors, lanes, narrowest};
  return {cpu.vectorBits >= 256 ? 14 : 8, vectors, lanes, narrowest};
}

namespace {
/// So many sums are needed for none to wait for its last addition: two additions
/// start in each of the four cycles that one takes.
constexpr int64_t sumsInFlight = 8;
/// Rows of which there are so many share vectors, whose sums are enough to be in flight.
constexpr int64_t fewestPaired = 4;
/// Steps of the depth at once, at most, where a tile has fewer.
constexpr int64_t mostChains = 4;

/// The numbers of `layout` in the order in which kernels take them.
SmallVector<OpFoldResult> getNumbers(const LhsLayout &layout) {
  SmallVector<OpFoldResult> numbers{layout.rowStride};
  if (layout.run)
    numbers.push_back(layout.runStride);
  for (const LhsLayout::DepthLoop &loop : layout.depth)
    numbers.append({loop.size, loop.stride});
  return numbers;
}

/// Sums of nothing yet: [rows][vectors].
SmallVector<Value> getZeros(ImplicitLocOpBuilder &b, const Tile &tile, Type element,
                            int64_t rows, int64_t columns) {
  SmallVector<Value> row, zeros;
  for (int64_t first = 0; first < columns; first += tile.lanes) {
    auto type = VectorType::get(std::min(tile.lanes, columns - first), element);
    row.push_back(b.create<arith::ConstantOp>(b.getZeroAttr(type)));
  }
  for (int64_t r = 0; r < rows; ++r)
    zeros.append(row);
  return zeros;
}

class KernelEmitter : IndexEmitter {
public:
  /// `numbers`: those of the layout.
  KernelEmitter(ImplicitLocOpBuilder &b, const Tile &tile, Type element, int64_t rows,
                int64_t columns, const MicroKernelCall &call, const LhsLayout &layout,
                ArrayRef<Value> numbers, const DotInstruction &dot)
      : IndexEmitter(b), tile(tile), rows(rows), columns(columns), element(element),
        call(call), run(layout.run), dot(dot),
        rowStride(numbers[0]), runStride(numbers[run ? 1 : 0]) {
    for (size_t i = run ? 2 : 1; i < numbers.size(); i += 2)
      depth.push_back({numbers[i], numbers[i + 1]});
  }

  /// The sums of the products and `sums`.
  void emit(SmallVector<Value> &sums) {
    bool isMixed = columns > tile.lanes && columns % tile.lanes != 0;
    if (isMixed)
      hidden = hide(number(0));
    if (isMixed && 2 * (columns - tile.lanes) == tile.lanes && rows >= fewestPaired &&
        dot.intrinsic.empty()) {
      pairs.emplace(b, rows, tile.lanes, [&](Value value) { return hide(value); });
      sums = pairs->pairUp(sums);
    }
    if (call.minus) {
      toMinus = sub(call.minusStart, call.bStart);
      toDifference = sub(call.differenceStart, call.bStart);
    }
    emitDepth(0, call.aStart, {call.bStart, call.linesAhead ? call.next : number(0)},
              sums);
    if (pairs)
      sums = pairs->split(sums);
  }

private:
  /// Where the right operand is read, and where it is asked for.
  struct Right {
    Value at, next;
  };

  /// Loops from number `k` on, from `a` and `right` on; `sums` become those after
  /// them. Gives where the right operand goes on.
  Right emitDepth(size_t k, Value a, Right right, SmallVector<Value> &sums) {
    if (k == depth.size())
      return emitStep(a, right, sums);
    int64_t chains = std::min<int64_t>(
        mostChains, llvm::bit_floor<uint64_t>(std::max<int64_t>(
                        sumsInFlight / int64_t(sums.size()), 1)));
    if (k + 1 == depth.size() && chains > 1)
      return emitChains(chains, a, right, sums);
    auto [size, stride] = depth[k];
    SmallVector<Value> carried{a, right.at, right.next};
    carried.append(sums);
    auto emitNested = [&, stride = stride](Value, ValueRange next) {
      SmallVector<Value> nested(next.drop_front(3));
      Right after = emitDepth(k + 1, next[0], {next[1], next[2]}, nested);
      SmallVector<Value> results{add(next[0], stride), after.at, after.next};
      results.append(nested);
      return results;
    };
    carried = emitLoop(number(0), size, 1, carried, emitNested);
    sums.assign(carried.begin() + 3, carried.end());
    return {carried[1], carried[2]};
  }

  /// The innermost loop, `chains` steps at a time with sums of their own.
  Right emitChains(int64_t chains, Value a, Right right, SmallVector<Value> &sums) {
    assert(!pairs && "has sums enough");
    auto [size, stride] = depth.back();
    size_t count = sums.size();
    SmallVector<Value> carried{a, right.at, right.next};
    carried.append(sums);
    for (int64_t chain = 1; chain < chains; ++chain)
      carried.append(getZeros(b, tile, element, rows, columns));
    auto emitSteps = [&, stride = stride](ValueRange from, int64_t steps) {
      SmallVector<Value> results{add(from[0], mul(stride, number(steps))), {}, {}};
      Right right{from[1], from[2]};
      for (int64_t step = 0; step < steps; ++step) {
        SmallVector<Value> own(from.slice(3 + step * count, count));
        right = emitStep(add(from[0], mul(stride, number(step))), right, own);
        results.append(own);
      }
      results[1] = right.at;
      results[2] = right.next;
      return results;
    };
    Value whole = sub(size, rem(size, number(chains)));
    carried = emitLoop(number(0), whole, chains, carried, [&](Value, ValueRange from) {
      return emitSteps(from, chains);
    });
    for (int64_t half = chains / 2; half > 0; half /= 2)
      for (size_t i = 3; i < 3 + half * count; ++i)
        carried[i] = addUp(carried[i], carried[i + half * count]);
    carried.truncate(3 + count);
    if (whole != size)
      carried = emitLoop(whole, size, 1, carried, [&](Value, ValueRange from) {
        return emitSteps(from, 1);
      });
    sums.assign(carried.begin() + 3, carried.end());
    return {carried[1], carried[2]};
  }

  Right emitStep(Value a, Right right, SmallVector<Value> &sums) {
    SmallVector<Value> factors;
    for (int64_t first = 0; first < columns; first += tile.lanes) {
      Value at = add(right.at, number(first));
      factors.push_back(loadColumns(at, std::min(tile.lanes, columns - first)));
      if (call.minus)
        factors.back() = emitDifference(factors.back(), at);
      if (rows <= fewRows)
        continue;
      int64_t ahead = tile.ahead * tile.getColumns();
      emitRequest(b, call.b, add(at, number(ahead)), 1);
      if (call.minus)
        emitRequest(b, call.minus, add(add(at, toMinus), number(ahead)), 1);
    }
    emitRequest(b, call.b, right.next, call.linesAhead);
    for (int64_t r = pairs ? emitPairs(a, factors, sums) : 0; r < rows; ++r) {
      Value at = getRow(a, r);
      Value factor = b.create<memref::LoadOp>(call.a, at);
      for (auto [v, y] : llvm::enumerate(factors)) {
        auto type = cast<VectorType>(y.getType());
        if (v > 0 && type != factors[0].getType())
          factor = b.create<memref::LoadOp>(call.a, add(at, hidden));
        Value x = b.create<vector::BroadcastOp>(type.clone(factor.getType()), factor);
        // From the end, as pairs have fewer of them.
        Value &sum = sums[sums.size() - (rows - r) * factors.size() + v];
        sum = multiplyAdd(x, y, sum);
      }
    }
    return {add(right.at, number(tile.getColumns())),
            call.linesAhead ? add(right.next, call.nextStep) : right.next};
  }

  /// Where row `r` of the left operand is.
  Value getRow(Value a, int64_t r) {
    Value at = run ? add(a, mul(runStride, number(r / run))) : a;
    return add(at, mul(rowStride, number(run ? r % run : r)));
  }

  /// A step of the rows that are pairs; gives how many these are.
  int64_t emitPairs(Value a, ArrayRef<Value> factors, SmallVector<Value> &sums) {
    Value twice = pairs->repeat(factors[1]);
    auto type = VectorType::get(tile.lanes, element);
    for (int64_t pair = 0; pair < rows / 2; ++pair) {
      Value x[2];
      for (int64_t r : {0, 1}) {
        Value factor = b.create<memref::LoadOp>(call.a, getRow(a, 2 * pair + r));
        x[r] = b.create<vector::BroadcastOp>(type, factor);
        Value &sum = sums[3 * pair + r];
        sum = multiplyAdd(x[r], factors[0], sum);
      }
      Value &sum = sums[3 * pair + 2];
      sum = multiplyAdd(pairs->blend(x[0], x[1]), twice, sum);
    }
    return rows / 2 * 2;
  }

  /// `value`, hidden, so that each multiplication takes its factor from memory in its
  /// own width. To spread one that is in a register takes as long as a multiplication:
  /// 28.9 instead of 21.3 cycles for 14 x 24 on a Zen 4.
  Value hide(Value value) { return hideAddress(b, value, /*inOrder=*/false); }

  Value loadColumns(Value at, int64_t lanes) {
    Type stored = cast<MemRefType>(call.b.getType()).getElementType();
    Value loaded = b.create<vector::LoadOp>(VectorType::get(lanes, stored), call.b, at);
    auto type = VectorType::get(lanes, element);
    if (stored == element || !dot.intrinsic.empty())
      return loaded;
    if (isa<IntegerType>(stored))
      return b.create<arith::SIToFPOp>(type, loaded);
    return b.create<arith::ExtFOp>(type, loaded);
  }

  /// `factors` of the right operand at `at` minus what is to be taken away.
  Value emitDifference(Value factors, Value at) {
    Value minus = b.create<vector::LoadOp>(cast<VectorType>(factors.getType()), call.minus,
                                           add(at, toMinus));
    Value difference = b.create<arith::SubFOp>(factors, minus);
    b.create<vector::StoreOp>(difference, call.difference, add(at, toDifference));
    return difference;
  }

  Value addUp(Value x, Value y) {
    if (isa<FloatType>(element))
      return b.create<arith::AddFOp>(x, y);
    return b.create<arith::AddIOp>(x, y);
  }

  Value multiplyAdd(Value x, Value y, Value sum) {
    if (!dot.intrinsic.empty())
      return emitDot(b, dot, sum, x, y);
    if (isa<FloatType>(element))
      return b.create<vector::FMAOp>(x, y, sum);
    return b.create<arith::AddIOp>(sum, b.create<arith::MulIOp>(x, y));
  }

  Tile tile;
  int64_t rows, columns;
  Type element;
  const MicroKernelCall &call;
  int64_t run;
  const DotInstruction &dot;
  Value rowStride, runStride, hidden; ///< Hidden: a zero.
  Value toMinus, toDifference;        ///< From where the right operand is, if they are.
  std::optional<RowPairs> pairs;      ///< If they share vectors.
  SmallVector<std::pair<Value, Value>> depth; ///< Sizes and strides.
};

/// The body of a kernel function, whose arguments are a call and the numbers of
/// its layout that are not known.
void emitBody(func::FuncOp func, const Tile &tile, Type element, int64_t rows,
              int64_t columns, const LhsLayout &layout, bool accumulates,
              const DotInstruction &dot, int64_t linesAhead, bool takesAway) {
  auto b = ImplicitLocOpBuilder::atBlockEnd(func.getLoc(), &func.front());
  ValueRange given = func.getArguments();
  MicroKernelCall call{given[0], given[1], given[2], given[3], given[4], given[5]};
  given = given.drop_front(6);
  call.linesAhead = linesAhead;
  if (linesAhead) {
    call.next = given[0];
    call.nextStep = given[1];
    given = given.drop_front(2);
  }
  if (takesAway) {
    call.minus = given[0], call.minusStart = given[1];
    call.difference = given[2], call.differenceStart = given[3];
    given = given.drop_front(4);
  }
  SmallVector<Value> values;
  for (OpFoldResult of : getNumbers(layout)) {
    if (std::optional<int64_t> known = nn::getStatic(of)) {
      values.push_back(b.create<arith::ConstantIndexOp>(*known));
      continue;
    }
    values.push_back(given.front());
    given = given.drop_front();
  }
  SmallVector<Value> sums = getZeros(b, tile, element, rows, columns), places;
  int64_t vectors = sums.size() / rows;
  for (auto [i, sum] : llvm::enumerate(sums)) {
    int64_t at = i / vectors * tile.getColumns() + i % vectors * tile.lanes;
    places.push_back(b.createOrFold<arith::AddIOp>(
        call.tileStart, b.create<arith::ConstantIndexOp>(at)));
    if (accumulates)
      sum = b.create<vector::LoadOp>(cast<VectorType>(sum.getType()), call.tile, places[i]);
  }
  KernelEmitter(b, tile, element, rows, columns, call, layout, values, dot).emit(sums);
  for (auto [sum, place] : llvm::zip_equal(sums, places))
    b.create<vector::StoreOp>(sum, call.tile, place);
  b.create<func::ReturnOp>();
}
} // namespace

func::FuncOp MicroKernels::getFunction(const MicroKernelCall &call, int64_t rows,
                                       int64_t columns) {
  Type stored = cast<MemRefType>(call.b.getType()).getElementType();
  SmallVector<OpFoldResult> numbers = getNumbers(layout);
  std::string name;
  llvm::raw_string_ostream os(name);
  os << (accumulates ? "burin_gemm_add_" : "burin_gemm_") << element << "_";
  if (!dot.intrinsic.empty())
    os << "dot_";
  else if (stored != element)
    os << stored << "_";
  os << rows << "x" << columns << "of" << tile.getColumns();
  if (tile.ahead != Tile().ahead)
    os << "_ahead" << tile.ahead;
  if (call.linesAhead)
    os << "_next" << call.linesAhead;
  if (call.minus)
    os << "_minus";
  if (layout.run)
    os << "_run" << layout.run;
  for (OpFoldResult of : numbers)
    if (std::optional<int64_t> known = nn::getStatic(of))
      os << "_" << *known;
    else
      os << "_n";
  if (auto func = module.lookupSymbol<func::FuncOp>(name))
    return func;
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto packed = MemRefType::get({ShapedType::kDynamic}, element);
  auto right = MemRefType::get({ShapedType::kDynamic}, stored);
  auto any = MemRefType::get(
      {ShapedType::kDynamic}, dot.intrinsic.empty() ? element : stored,
      StridedLayoutAttr::get(module.getContext(), ShapedType::kDynamic, {1}));
  Type index = builder.getIndexType();
  SmallVector<Type> types{any, index, right, index, packed, index};
  if (call.linesAhead)
    types.append({index, index});
  if (call.minus)
    types.append({right, index, packed, index});
  types.append(llvm::count_if(numbers, [](OpFoldResult of) { return !nn::getStatic(of); }), index);
  auto func = builder.create<func::FuncOp>(module.getLoc(), name,
                                           builder.getFunctionType(types, {}));
  func.setPrivate();
  // Inlined, constants of what becomes of the sums may take the registers that the
  // sums need: 304 instead of 202 us for 49 x 192 x 1152 with a SiLU on a Zen 4.
  func->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
  func.addEntryBlock();
  emitBody(func, tile, element, rows, columns, layout, accumulates, dot,
           call.linesAhead, /*takesAway=*/bool(call.minus));
  return func;
}

void MicroKernels::emitCall(ImplicitLocOpBuilder &b, nn::ShapeBuilder &shapes,
                            const MicroKernelCall &call, int64_t rows,
                            int64_t columns) {
  func::FuncOp func = getFunction(call, rows, columns);
  SmallVector<Value> operands{call.a, call.aStart, call.b,
                              call.bStart, call.tile, call.tileStart};
  if (call.linesAhead)
    operands.append({call.next, call.nextStep});
  if (call.minus)
    operands.append({call.minus, call.minusStart, call.difference, call.differenceStart});
  for (auto [i, type] : llvm::enumerate(func.getArgumentTypes()))
    if (i < operands.size() && operands[i].getType() != type)
      operands[i] = b.create<memref::CastOp>(type, operands[i]);
  for (OpFoldResult of : getNumbers(layout))
    if (!nn::getStatic(of))
      operands.push_back(shapes.getValue(of));
  b.create<func::CallOp>(func, operands);
}

SmallVector<Value> MicroKernels::emitInPlace(ImplicitLocOpBuilder &b,
                                             nn::ShapeBuilder &shapes,
                                             const MicroKernelCall &call,
                                             int64_t rows, int64_t columns) {
  SmallVector<Value> numbers;
  for (OpFoldResult of : getNumbers(layout))
    numbers.push_back(shapes.getValue(of));
  SmallVector<Value> sums = getZeros(b, tile, element, rows, columns);
  KernelEmitter(b, tile, element, rows, columns, call, layout, numbers, dot)
      .emit(sums);
  return sums;
}
