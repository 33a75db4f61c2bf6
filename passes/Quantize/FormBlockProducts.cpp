//===- FormBlockProducts.cpp - Dequantized blocks to MatMulNBits ----------===//

#include "passes/PatternPass.h"
#include "passes/Quantize/Constants.h"
#include "passes/Quantize/Passes.h"
#include "llvm/ADT/bit.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_FORMBLOCKPRODUCTS
#include "passes/Quantize/Passes.h.inc"

namespace {
/// Blocks of columns with one scale.
constexpr int64_t columnBlock = 128;
/// What nn.matmul_nbits takes.
constexpr int64_t leastBlock = 16, mostBlock = 1 << 20;
/// Rows from which on bytes with one scale for each column are as fast as floats.
constexpr int64_t manyRows = 16;

/// A constant matrix of small integers as MatMulNBits has it.
class BlockMatrix {
public:
  static std::optional<BlockMatrix> find(nn::DequantizeOp op, bool isTransposed);

  int64_t getBits() const { return element.getWidth(); }
  bool isBlocked() const { return blocked; }
  Value createIntegers(OpBuilder &b, Location loc) const;
  Value createScales(OpBuilder &b, Location loc) const;
  /// Null if all are the middle of the range.
  Value createZeros(OpBuilder &b, Location loc) const;

  int64_t k, n, block;

private:
  int64_t getBlocks() const { return llvm::divideCeil(k, block); }
  /// What makes integers with a sign positive.
  int64_t getOffset() const { return element.isUnsigned() ? 0 : getMiddle(); }
  int64_t getMiddle() const { return int64_t(1) << (getBits() - 1); }
  int64_t getPlace(const Numbers &parameters, int64_t column, int64_t at) const;

  Numbers integers, scales;
  std::optional<Numbers> zeros;
  IntegerType element;
  bool isTransposed, blocked;
};

std::optional<BlockMatrix> BlockMatrix::find(nn::DequantizeOp op, bool isTransposed) {
  auto type = cast<RankedTensorType>(op.getType());
  auto element = dyn_cast<IntegerType>(getElementTypeOrSelf(op.getX().getType()));
  std::optional<Numbers> integers = Numbers::find(op.getX());
  std::optional<Numbers> scales = Numbers::find(op.getScale());
  std::optional<Numbers> zeros = Numbers::find(op.getZeroPoint());
  if (type.getRank() != 2 || !type.getElementType().isF32() || !element || !integers ||
      !scales || !getElementTypeOrSelf(op.getScale().getType()).isF32() ||
      (op.getZeroPoint() && !zeros) || !llvm::is_contained({2u, 4u, 8u}, element.getWidth()))
    return std::nullopt;
  BlockMatrix matrix;
  matrix.integers = *integers, matrix.scales = *scales, matrix.zeros = zeros;
  matrix.element = element;
  matrix.isTransposed = isTransposed;
  int64_t depth = isTransposed ? 1 : 0;
  matrix.k = type.getDimSize(depth), matrix.n = type.getDimSize(1 - depth);
  matrix.blocked = op.getBlockSize() != 0;
  matrix.block = matrix.blocked ? int64_t(op.getBlockSize()) : columnBlock;
  if (matrix.block >= matrix.k) // One block: as small as it can be.
    matrix.block = std::max<int64_t>(llvm::bit_ceil<uint64_t>(matrix.k), leastBlock);
  bool alongDepth = int64_t(op.getAxis()) == depth;
  bool isForAll = !matrix.blocked && scales->size() == 1;
  int64_t parameters = matrix.blocked ? matrix.n * matrix.getBlocks() : matrix.n;
  if (matrix.k == 0 || matrix.n == 0 || matrix.block < leastBlock ||
      matrix.block > mostBlock || !llvm::isPowerOf2_64(matrix.block) ||
      (!isForAll && (matrix.blocked != alongDepth || scales->size() != parameters)) ||
      (zeros && zeros->size() != scales->size()))
    return std::nullopt;
  return matrix;
}

/// Where the scale or zero point of a block is.
int64_t BlockMatrix::getPlace(const Numbers &parameters, int64_t column, int64_t at) const {
  if (!blocked)
    return parameters.size() == 1 ? 0 : column;
  return isTransposed ? column * getBlocks() + at : at * n + column;
}

Value BlockMatrix::createIntegers(OpBuilder &b, Location loc) const {
  int64_t bits = getBits(), perByte = 8 / bits, bytes = block / perByte;
  SmallVector<int8_t> packed(n * getBlocks() * bytes, 0);
  for (int64_t column = 0; column < n; ++column)
    for (int64_t i = 0; i < k; ++i) {
      int64_t place = isTransposed ? column * k + i : i * n + column;
      int64_t integer = int64_t(integers[place]) + getOffset();
      packed[column * getBlocks() * bytes + i / perByte] |= integer << (i % perByte * bits);
    }
  auto type = RankedTensorType::get({n, getBlocks(), bytes},
                                    IntegerType::get(b.getContext(), 8, IntegerType::Unsigned));
  return createBytes(b, loc, type, packed);
}

Value BlockMatrix::createScales(OpBuilder &b, Location loc) const {
  SmallVector<float> values;
  for (int64_t column = 0; column < n; ++column)
    for (int64_t at = 0; at < getBlocks(); ++at)
      values.push_back(scales[getPlace(scales, column, at)]);
  return createFloats(b, loc, {n, getBlocks()}, values);
}

Value BlockMatrix::createZeros(OpBuilder &b, Location loc) const {
  SmallVector<float> values;
  for (int64_t column = 0; column < n; ++column)
    for (int64_t at = 0; at < getBlocks(); ++at)
      values.push_back(getOffset() +
                       (zeros ? (*zeros)[getPlace(*zeros, column, at)] : 0));
  if (llvm::all_of(values, [&](float zero) { return zero == getMiddle(); }))
    return Value();
  return createFloats(b, loc, {n, getBlocks()}, values);
}

struct FormProduct : OpRewritePattern<nn::MatMulOp> {
  FormProduct(MLIRContext *context, bool takesColumns)
      : OpRewritePattern(context), takesColumns(takesColumns) {}

  LogicalResult matchAndRewrite(nn::MatMulOp op, PatternRewriter &b) const override {
    auto weights = op.getRhs().getDefiningOp<nn::DequantizeOp>();
    auto type = cast<RankedTensorType>(op.getType());
    if (!weights || !type.getElementType().isF32() || op.getTransLhs() ||
        !getElementTypeOrSelf(op.getLhs()).isF32())
      return failure();
    std::optional<BlockMatrix> matrix = BlockMatrix::find(weights, op.getTransRhs());
    // Bytes with one scale for each column may stay as they are.
    if (!matrix || (matrix->getBits() == 8 && !matrix->isBlocked() && !isBetter(type)))
      return failure();
    Location loc = weights.getLoc();
    b.replaceOpWithNewOp<nn::MatMulNBitsOp>(
        op, type, op.getLhs(), matrix->createIntegers(b, loc),
        matrix->createScales(b, loc), matrix->createZeros(b, loc), Value(), matrix->k,
        matrix->n, matrix->getBits(), matrix->block, /*accuracy_level=*/0);
    return success();
  }

private:
  bool isBetter(RankedTensorType type) const {
    return takesColumns && (!type.hasStaticShape() || type.getNumElements() <
                                                          manyRows * type.getShape().back());
  }

  bool takesColumns;
};

struct FormBlockProducts : PatternPass<impl::FormBlockProductsBase<FormBlockProducts>> {
  using PatternPass::PatternPass;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FormProduct>(&getContext(), takesColumns);
    apply(std::move(patterns));
  }
};
} // namespace
} // namespace burin
