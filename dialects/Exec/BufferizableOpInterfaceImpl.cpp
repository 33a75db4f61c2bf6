//===- BufferizableOpInterfaceImpl.cpp - exec ops on buffers --------------===//

#include "dialects/Exec/Exec.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

using namespace mlir;
using namespace mlir::bufferization;

namespace {
struct CallInterface
    : DstBufferizableOpInterfaceExternalModel<CallInterface,
                                              burin::exec::CallOp> {
  bool bufferizesToMemoryRead(Operation *, OpOperand &,
                              const AnalysisState &) const {
    return true; // Inits as well: scatters update what is there.
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options) const {
    auto call = cast<burin::exec::CallOp>(op);
    SmallVector<Value> inputs, inits;
    for (auto [values, buffers] : {std::pair(call.getInputs(), &inputs),
                                   std::pair(call.getInits(), &inits)})
      for (Value value : values) {
        FailureOr<Value> buffer = getBuffer(rewriter, value, options);
        if (failed(buffer))
          return failure();
        buffers->push_back(*buffer);
      }
    rewriter.create<burin::exec::CallOp>(call.getLoc(), TypeRange(),
                                         call.getCalleeAttr(), inputs, inits,
                                         call.getParamsAttr(),
                                         call.getTypesAttr());
    replaceOpWithBufferizedValues(rewriter, op, inits);
    return success();
  }
};

struct AttentionInterface
    : DstBufferizableOpInterfaceExternalModel<AttentionInterface,
                                              burin::exec::AttentionOp> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    return !cast<burin::exec::AttentionOp>(op).isDpsInit(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options) const {
    auto attention = cast<burin::exec::AttentionOp>(op);
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    OperationState state(op->getLoc(), op->getName(), buffers, TypeRange(),
                         op->getAttrs());
    state.addRegion()->takeBody(attention.getBody());
    rewriter.create(state);
    replaceOpWithBufferizedValues(rewriter, op, buffers.back());
    return success();
  }
};
} // namespace

void burin::exec::registerBufferizableOpInterfaces(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, ExecDialect *) {
    CallOp::attachInterface<CallInterface>(*context);
    AttentionOp::attachInterface<AttentionInterface>(*context);
  });
}
