//===- Work.cpp - What one op calculates and touches ----------------------===//

#include "passes/Report/Work.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace burin;

Count Count::operator+(Count other) const {
  int64_t sum;
  if (!isKnown() || !other.isKnown() || llvm::AddOverflow(value, other.value, sum))
    return unknown();
  return sum;
}

Count Count::operator*(Count other) const {
  int64_t product;
  if (!isKnown() || !other.isKnown() || llvm::MulOverflow(value, other.value, product))
    return unknown();
  return product;
}

Count burin::getLesser(Count a, Count b) {
  if (!a.isKnown() || !b.isKnown())
    return a.isKnown() ? a : b;
  return std::min(a.get(), b.get());
}

Count burin::getGreater(Count a, Count b) {
  if (!a.isKnown() || !b.isKnown())
    return Count::unknown();
  return std::max(a.get(), b.get());
}

static DenseI64ArrayAttr toArray(ArrayRef<Traffic> traffic, MLIRContext *context) {
  SmallVector<int64_t> numbers;
  for (const Traffic &one : traffic)
    numbers.append({one.buffer, one.bytes.get()});
  return DenseI64ArrayAttr::get(context, numbers);
}

static SmallVector<Traffic> toTraffic(Attribute attribute) {
  SmallVector<Traffic> traffic;
  ArrayRef<int64_t> numbers = cast<DenseI64ArrayAttr>(attribute).asArrayRef();
  for (size_t i = 0; i + 1 < numbers.size(); i += 2)
    traffic.push_back({numbers[i], numbers[i + 1]});
  return traffic;
}

DictionaryAttr burin::toAttribute(const Work &work, MLIRContext *context) {
  Builder b(context);
  NamedAttrList list;
  list.append("operators", b.getStrArrayAttr(work.operators));
  list.append("flops", b.getI64IntegerAttr(work.flops.get()));
  list.append("int_ops", b.getI64IntegerAttr(work.intOps.get()));
  list.append("constants", toArray(work.constants, context));
  list.append("reads", toArray(work.reads, context));
  list.append("writes", toArray(work.writes, context));
  return list.getDictionary(context);
}

Work burin::toWork(DictionaryAttr attribute) {
  Work work;
  for (auto name : attribute.getAs<ArrayAttr>("operators").getAsRange<StringAttr>())
    work.operators.push_back(name.getValue());
  work.flops = attribute.getAs<IntegerAttr>("flops").getInt();
  work.intOps = attribute.getAs<IntegerAttr>("int_ops").getInt();
  work.constants = toTraffic(attribute.get("constants"));
  work.reads = toTraffic(attribute.get("reads"));
  work.writes = toTraffic(attribute.get("writes"));
  return work;
}

Location burin::addRow(Location loc, int64_t row) {
  MLIRContext *context = loc.getContext();
  return FusedLoc::get(loc, Builder(context).getI64IntegerAttr(row), context);
}

SmallVector<int64_t> burin::getRows(Location loc) {
  SmallVector<int64_t> rows;
  loc->walk([&](Location nested) {
    if (auto fused = dyn_cast<FusedLoc>(nested))
      if (auto row = dyn_cast_or_null<IntegerAttr>(fused.getMetadata()))
        rows.push_back(row.getInt());
    return WalkResult::advance();
  });
  return rows;
}

Value burin::getRoot(Value memory) {
  while (Operation *op = memory.getDefiningOp()) {
    if (auto view = dyn_cast<ViewLikeOpInterface>(op))
      memory = view.getViewSource();
    else if (auto metadata = dyn_cast<memref::ExtractStridedMetadataOp>(op))
      memory = metadata.getSource();
    else
      break;
  }
  return memory;
}

int64_t burin::getElementBytes(Type memory) {
  Type element = cast<MemRefType>(memory).getElementType();
  unsigned bits = element.isIntOrFloat() ? element.getIntOrFloatBitWidth()
                                         : IndexType::kInternalStorageBitWidth;
  return (bits + 7) / 8;
}

Count burin::getBytes(Type memory) {
  auto type = cast<MemRefType>(memory);
  if (!type.hasStaticShape())
    return Count::unknown();
  return Count(type.getNumElements()) * getElementBytes(type);
}
