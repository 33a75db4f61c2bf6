//===- Types.cpp - ONNX's element types -----------------------------------===//

#include "compiler/Import/Onnx/Types.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace burin;

namespace {
using GetType = Type (*)(MLIRContext *);

template <typename T>
Type getFloat(MLIRContext *context) {
  return T::get(context);
}

template <unsigned bits, IntegerType::SignednessSemantics sign>
Type getInteger(MLIRContext *context) {
  return IntegerType::get(context, bits, sign);
}

template <unsigned bits>
constexpr GetType makeSigned = getInteger<bits, IntegerType::Signless>;
template <unsigned bits>
constexpr GetType makeUnsigned = getInteger<bits, IntegerType::Unsigned>;

struct Row {
  llvm::StringLiteral name;
  TensorField field;
  unsigned bits;
  GetType get;
};

/// By number, 1 to 28.
constexpr Row rows[] = {
    {"float", TensorField::Float, 32, getFloat<Float32Type>},
    {"uint8", TensorField::Int32, 8, makeUnsigned<8>},
    {"int8", TensorField::Int32, 8, makeSigned<8>},
    {"uint16", TensorField::Int32, 16, makeUnsigned<16>},
    {"int16", TensorField::Int32, 16, makeSigned<16>},
    {"int32", TensorField::Int32, 32, makeSigned<32>},
    {"int64", TensorField::Int64, 64, makeSigned<64>},
    {"string", TensorField::String, 0, nullptr},
    {"bool", TensorField::Int32, 8, makeSigned<1>},
    {"float16", TensorField::Int32, 16, getFloat<Float16Type>},
    {"double", TensorField::Double, 64, getFloat<Float64Type>},
    {"uint32", TensorField::Uint64, 32, makeUnsigned<32>},
    {"uint64", TensorField::Uint64, 64, makeUnsigned<64>},
    {"complex64", TensorField::Float, 64, nullptr},
    {"complex128", TensorField::Double, 128, nullptr},
    {"bfloat16", TensorField::Int32, 16, getFloat<BFloat16Type>},
    {"float8e4m3fn", TensorField::Int32, 8, getFloat<Float8E4M3FNType>},
    {"float8e4m3fnuz", TensorField::Int32, 8, getFloat<Float8E4M3FNUZType>},
    {"float8e5m2", TensorField::Int32, 8, getFloat<Float8E5M2Type>},
    {"float8e5m2fnuz", TensorField::Int32, 8, getFloat<Float8E5M2FNUZType>},
    {"uint4", TensorField::Int32, 4, makeUnsigned<4>},
    {"int4", TensorField::Int32, 4, makeSigned<4>},
    {"float4e2m1", TensorField::Int32, 4, nullptr},
    {"float8e8m0", TensorField::Int32, 8, nullptr},
    {"uint2", TensorField::Int32, 2, makeUnsigned<2>},
    {"int2", TensorField::Int32, 2, makeSigned<2>},
    {"float6e2m3", TensorField::Int32, 8, nullptr},
    {"float6e3m2", TensorField::Int32, 8, nullptr},
};
} // namespace

std::optional<ElementKind> burin::findElementKind(int number,
                                                  MLIRContext *context) {
  if (number < 1 || number > int(std::size(rows)))
    return std::nullopt;
  const Row &row = rows[number - 1];
  return ElementKind{row.name, row.field, row.bits,
                     row.get ? row.get(context) : Type()};
}

std::optional<int64_t> burin::countElements(ArrayRef<int64_t> dims) {
  if (llvm::any_of(dims, [](int64_t dim) { return dim < 0; }))
    return std::nullopt;
  if (llvm::is_contained(dims, 0))
    return 0;
  int64_t count = 1;
  for (int64_t dim : dims)
    if (llvm::MulOverflow(count, dim, count) || count > maxTensorBytes)
      return std::nullopt;
  return count;
}
