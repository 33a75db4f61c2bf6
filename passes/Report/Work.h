//===- Work.h - What one op calculates and touches --------------*- C++ -*-===//

#ifndef BURIN_PASSES_REPORT_WORK_H
#define BURIN_PASSES_REPORT_WORK_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/Value.h"

namespace burin {

/// A count that may not be known; all that is calculated with one that is not,
/// or that overflows, is not known either.
class Count {
public:
  Count(int64_t value) : value(value) {}
  static Count unknown() { return Count(-1); }

  bool isKnown() const { return value >= 0; }
  int64_t get() const { return value; }
  Count operator+(Count other) const;
  Count operator*(Count other) const;

private:
  int64_t value;
};

/// The lesser one of those that are known.
Count getLesser(Count a, Count b);
Count getGreater(Count a, Count b);

/// Memory that an op takes from, or leaves in, a buffer.
struct Traffic {
  int64_t buffer; ///< A number for each root of views.
  Count bytes;
};

struct Work {
  llvm::SmallVector<llvm::StringRef> operators; ///< Names of ONNX nodes.
  Count flops = 0, intOps = 0;
  llvm::SmallVector<Traffic> constants, reads, writes;
};

mlir::DictionaryAttr toAttribute(const Work &work, mlir::MLIRContext *context);
Work toWork(mlir::DictionaryAttr attribute);

/// The location with the row's number, and the numbers that one has.
mlir::Location addRow(mlir::Location loc, int64_t row);
llvm::SmallVector<int64_t> getRows(mlir::Location loc);

/// What a memref is a view of.
mlir::Value getRoot(mlir::Value memory);

/// Bytes of one element, and of all of them.
int64_t getElementBytes(mlir::Type memory);
Count getBytes(mlir::Type memory);

} // namespace burin

#endif // BURIN_PASSES_REPORT_WORK_H
