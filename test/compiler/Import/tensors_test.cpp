//===- tensors_test.cpp - Every encoding of a tensor, and wrong ones ------===//

#include "compiler/Import/Onnx/Tensors.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "models.h"
#include <deque>

using namespace burin;
using namespace burin::test;
using Proto = onnx::TensorProto;

namespace {

class Tensors : public testing::Test {
protected:
  Proto *make(int type, std::vector<int64_t> dims) {
    Proto &tensor = tensors.emplace_back();
    tensor.set_data_type(type);
    for (int64_t dim : dims)
      tensor.add_dims(dim);
    return &tensor;
  }
  /// The elements as integers, or their bits; none if the tensor is wrong.
  std::optional<std::vector<int64_t>> read(const Proto &tensor) {
    auto attr = readAttr(tensor);
    if (failed(attr))
      return std::nullopt;
    std::vector<int64_t> values;
    auto dense = mlir::cast<mlir::DenseElementsAttr>(*attr);
    if (mlir::isa<mlir::FloatType>(dense.getElementType()))
      for (const llvm::APFloat &value : dense.getValues<llvm::APFloat>())
        values.push_back(value.bitcastToAPInt().getZExtValue());
    else
      for (const llvm::APInt &value : dense.getValues<llvm::APInt>())
        values.push_back(dense.getElementType().isSignlessInteger() &&
                                 value.getBitWidth() > 1
                             ? value.getSExtValue()
                             : int64_t(value.getZExtValue()));
    return values;
  }
  mlir::FailureOr<mlir::ElementsAttr> readAttr(const Proto &tensor) {
    code = ExitCode::Done;
    mlir::ScopedDiagnosticHandler quiet(
        &context, [](mlir::Diagnostic &) { return llvm::success(); });
    return reader.read(tensor, Reporter(mlir::UnknownLoc::get(&context), code));
  }
  using Values = std::vector<int64_t>;

  mlir::MLIRContext context;
  ExternalFiles files{"m.onnx"};
  TensorReader reader{files};
  std::deque<Proto> tensors;
  ExitCode code = ExitCode::Done;
};

TEST_F(Tensors, RawBytesAreLittleEndian) {
  Proto *tensor = make(Proto::INT16, {2});
  tensor->set_raw_data(std::string("\x01\x00\xff\xff", 4));
  EXPECT_EQ(read(*tensor), (Values{1, -1}));
}

TEST_F(Tensors, TypedFieldsOfNarrowTypesAreTruncated) {
  for (int type : {Proto::INT8, Proto::UINT8, Proto::UINT16, Proto::FLOAT16,
                   Proto::BFLOAT16, Proto::FLOAT8E4M3FN}) {
    Proto *tensor = make(type, {2});
    tensor->add_int32_data(1);
    tensor->add_int32_data(2);
    EXPECT_EQ(read(*tensor), (Values{1, 2})) << type;
  }
}

TEST_F(Tensors, UnsignedWordsLieInUint64) {
  Proto *tensor = make(Proto::UINT32, {1});
  tensor->add_uint64_data(4294967295u);
  EXPECT_EQ(read(*tensor), (Values{4294967295}));
}

TEST_F(Tensors, BooleansAreWhatIsNotZero) {
  Proto *tensor = make(Proto::BOOL, {3});
  tensor->set_raw_data(std::string("\x00\x01\xff", 3));
  EXPECT_EQ(read(*tensor), (Values{0, 1, 1}));
}

TEST_F(Tensors, NibblesUnpackFromTheLowEnd) {
  Proto *raw = make(Proto::INT4, {3});
  raw->set_raw_data("\x8f\x07");
  EXPECT_EQ(read(*raw), (Values{-1, -8, 7}));
  Proto *typed = make(Proto::UINT4, {3});
  typed->add_int32_data(0x8f);
  typed->add_int32_data(0x07);
  EXPECT_EQ(read(*typed), (Values{15, 8, 7}));
}

TEST_F(Tensors, PairsOfBitsUnpackToo) {
  Proto *tensor = make(Proto::UINT2, {5});
  tensor->set_raw_data("\xe4\x01");
  EXPECT_EQ(read(*tensor), (Values{0, 1, 2, 3, 1}));
}

TEST_F(Tensors, EmptyTensorsAreTensors) {
  for (int type : {Proto::FLOAT, Proto::BOOL, Proto::INT4})
    EXPECT_EQ(read(*make(type, {2, 0})), Values{}) << type;
}

TEST_F(Tensors, LargeOnesAreNotCopied) {
  Proto *tensor = make(Proto::FLOAT, {4096});
  for (int i = 0; i < 4096; ++i)
    tensor->add_float_data(i);
  auto attr = readAttr(*tensor);
  ASSERT_TRUE(succeeded(attr));
  auto resource = mlir::dyn_cast<mlir::DenseResourceElementsAttr>(*attr);
  ASSERT_TRUE(resource);
  EXPECT_EQ((const void *)resource.getRawHandle().getBlob()->getData().data(),
            (const void *)tensor->float_data().data());
}

TEST_F(Tensors, EqualElementsAreASplatOfAnySize) {
  Proto *tensor = make(Proto::FLOAT, {1 << 20});
  tensor->set_raw_data(std::string(4 << 20, '\0'));
  auto attr = readAttr(*tensor);
  ASSERT_TRUE(succeeded(attr));
  EXPECT_TRUE(attr->isSplat());
}

TEST_F(Tensors, SizesMustAgree) {
  for (int size : {0, 12, 15, 17, 20}) {
    Proto *tensor = make(Proto::FLOAT, {4});
    tensor->set_raw_data(std::string(size, '\0'));
    EXPECT_FALSE(read(*tensor)) << size;
    EXPECT_EQ(code, ExitCode::Invalid);
  }
}

TEST_F(Tensors, ShapesAreNeitherNegativeNorEndless) {
  int64_t big = int64_t(1) << 32;
  for (std::vector<int64_t> dims :
       {std::vector<int64_t>{-4}, {-2, -2}, {big, big}, {big << 30, 4, 4}}) {
    Proto *tensor = make(Proto::FLOAT, dims);
    tensor->set_raw_data(std::string(16, '\0'));
    EXPECT_FALSE(read(*tensor));
    EXPECT_EQ(code, ExitCode::Invalid);
  }
}

TEST_F(Tensors, DataIsInOneField) {
  Proto *twice = make(Proto::FLOAT, {1});
  twice->set_raw_data(std::string(4, '\0'));
  twice->add_float_data(1);
  EXPECT_FALSE(read(*twice));
  Proto *wrong = make(Proto::FLOAT, {1});
  wrong->add_int64_data(1);
  EXPECT_FALSE(read(*wrong));
}

TEST_F(Tensors, TypesWithoutAKernelAreUnsupported) {
  for (int type : {Proto::COMPLEX64, Proto::FLOAT8E8M0, Proto::FLOAT4E2M1}) {
    EXPECT_FALSE(read(*make(type, {0}))) << type;
    EXPECT_EQ(code, ExitCode::Unsupported) << type;
  }
  EXPECT_FALSE(read(*make(999, {0})));
  EXPECT_EQ(code, ExitCode::Invalid);
}

onnx::SparseTensorProto makeSparse(std::vector<int64_t> indices) {
  onnx::SparseTensorProto sparse;
  sparse.add_dims(2);
  sparse.add_dims(2);
  sparse.mutable_values()->set_data_type(Proto::INT32);
  sparse.mutable_indices()->set_data_type(Proto::INT64);
  sparse.mutable_values()->add_dims(indices.size());
  sparse.mutable_indices()->add_dims(indices.size());
  for (int64_t index : indices) {
    sparse.mutable_values()->add_int32_data(7);
    sparse.mutable_indices()->add_int64_data(index);
  }
  return sparse;
}

TEST_F(Tensors, SparseOnesBecomeDense) {
  auto attr = reader.read(makeSparse({0, 3}),
                          Reporter(mlir::UnknownLoc::get(&context), code));
  ASSERT_TRUE(succeeded(attr));
  EXPECT_EQ(llvm::to_vector(attr->getValues<int32_t>()),
            (llvm::SmallVector<int32_t>{7, 0, 0, 7}));
}

TEST_F(Tensors, SparseIndicesAreSortedAndInside) {
  mlir::ScopedDiagnosticHandler quiet(
      &context, [](mlir::Diagnostic &) { return llvm::success(); });
  for (std::vector<int64_t> indices :
       {std::vector<int64_t>{3, 0}, {0, 0}, {-1, 2}, {1, 4}})
    EXPECT_TRUE(failed(reader.read(
        makeSparse(indices), Reporter(mlir::UnknownLoc::get(&context), code))));
}

} // namespace
