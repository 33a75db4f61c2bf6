//===- AttentionEmitter.h - Attention in blocks of queries ------*- C++ -*-===//

#ifndef BURIN_PASSES_EXEC_ATTENTION_ATTENTIONEMITTER_H
#define BURIN_PASSES_EXEC_ATTENTION_ATTENTIONEMITTER_H

#include "passes/Exec/Attention/AttentionShape.h"
#include "passes/Exec/Attention/SoftmaxRows.h"
#include "passes/Exec/Loops/IndexEmitter.h"
#include "passes/Exec/Tiles/RowPanels.h"

namespace burin {

/// Loops and kernels instead of `op`, which is on buffers. The last dimensions of
/// extras and of the result must be contiguous.
class AttentionEmitter : IndexEmitter {
public:
  /// With `dot`, which is of pairs of bf16, products of several queries are rounded
  /// to that.
  AttentionEmitter(exec::AttentionOp op, mlir::ImplicitLocOpBuilder &b,
                   nn::ShapeBuilder &shapes, const Cpu &cpu, const DotInstruction &dot);
  void emit();

private:
  using Value = mlir::Value;

  Value createBuffer(int64_t elements);
  mlir::OpFoldResult getSteps(mlir::OpFoldResult depth);
  MicroKernels createKernels(const Tile &tile, const LhsLayout &layout, bool accumulates);
  std::pair<Value, Value> getPosition(Value row);

  /// Rows of a task at most.
  int64_t getHeight() const {
    return isSingle ? *nn::getStatic(shape.shared) : queryPanels.height;
  }
  bool mayBeSingle() const;
  void emitSingle();
  void emitAll();
  Value packAll(const Contraction &c, const Tile &tile, mlir::OpFoldResult panels);
  void askForQueries();
  void emitTask(Value task);
  void emitBlocks();

  // AttentionPairs.cpp
  bool canPair() const;
  void emitPairs(Value scratch, Value steps, int64_t columns, Value target, Value start);
  void packPairs(const Contraction &c, const PanelLayout &layout,
                 llvm::ArrayRef<Value> index, Value panel, Value target, Value start);
  void copyQueries();

  // AttentionScores.cpp
  void emitScores(Value firstPanel, Value panels);
  void emitDotScores(Value keys);
  void emitDotGroup(Value first, bool isLast);
  Value emitBody(Value score, Value row, Value key, Value mask);

  // AttentionProducts.cpp
  void clear();
  void emitProducts(Value firstKey, Value keys);
  void emitProduct(const LhsLayout &layout, bool accumulates, Value panel, Value firstKey,
                   Value block);
  void emitSharedProducts(Value firstKey, Value keys);
  void scaleRow(Value row, Value factor);
  void emitStore();
  void forVectors(Value row,
                  llvm::function_ref<void(Value place, Value column, Value mask)> body);

  exec::AttentionOp op;
  nn::ShapeBuilder &shapes;
  AttentionShape shape;
  Tile keyTile, valueTile;
  mlir::MemRefType bufferType;
  mlir::VectorType valueType; ///< Of products.
  mlir::OpFoldResult keyPanels, valuePanels;
  RowPanels queryPanels;
  int64_t blockPanels = 0; ///< Panels of a block of keys.
  bool isOneBlock = false;
  Cpu cpu;
  DotInstruction dot;
  int64_t perStep = 1; ///< Elements of a product's depth that the kernel takes at once.
  /// One query: the rows are the heads that share keys. Else `head` is for all rows.
  bool isSingle = false;
  Value packedKeys, packedValues;

  // Of the task that is being emitted.
  Value batch, group, head, firstRow, rowsLeft, blockKey;
  Value queries;          ///< In pairs.
  Value scores, products; ///< Tiles: [panel][row][column].
  Value powers;           ///< What becomes of the scores, as the kernel takes it.
  ScoreRows rows;
};

} // namespace burin

#endif // BURIN_PASSES_EXEC_ATTENTION_ATTENTIONEMITTER_H
