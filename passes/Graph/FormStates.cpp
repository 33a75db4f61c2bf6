//===- FormStates.cpp - Pairs of inputs and outputs to states -------------===//

#include "dialects/NN/NN.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/Graph/Passes.h"

using namespace mlir;

namespace burin {
#define GEN_PASS_DEF_FORMSTATES
#include "passes/Graph/Passes.h.inc"

namespace {
/// How exporters name caches: transformers, older transformers, and streaming
/// recurrent models.
constexpr StringLiteral defaultPatterns[] = {
    "past_key_values.*=present.*", "past_key_values.*=present_key_values.*",
    "past.*=present.*", "past_*=present_*", "state*=stateN*"};

/// The text that `*` stands for in `name`; none if `name` does not match.
std::optional<StringRef> match(StringRef pattern, StringRef name) {
  auto [head, tail] = pattern.split('*');
  if (!pattern.contains('*'))
    return pattern == name ? std::optional(StringRef()) : std::nullopt;
  if (!name.starts_with(head) || !name.ends_with(tail) ||
      name.size() < head.size() + tail.size())
    return std::nullopt;
  return name.drop_front(head.size()).drop_back(tail.size());
}

struct Pair {
  unsigned input, output;
};

StringRef getName(DictionaryAttr attrs) {
  auto name = attrs ? attrs.getAs<StringAttr>("nn.name") : StringAttr();
  return name ? name.getValue() : StringRef();
}

/// The one dimension whose size is not known; none if there is another number.
std::optional<int64_t> getGrowingAxis(RankedTensorType type) {
  if (type.getNumDynamicDims() != 1)
    return std::nullopt;
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (type.isDynamicDim(i))
      return i;
  return std::nullopt;
}

/// Whether all inputs of `pairs` could be states; says so if not.
bool areGrowing(func::FuncOp func, ArrayRef<Pair> pairs) {
  for (const Pair &pair : pairs) {
    auto type = cast<RankedTensorType>(func.getArgumentTypes()[pair.input]);
    if (getGrowingAxis(type))
      continue;
    func.emitWarning("caches such as '")
        << getName(func.getArgAttrDict(pair.input)) << "' stay inputs and "
        << "outputs: " << type << " has more than one dynamic size; fix the "
        << "others with --dim NAME=SIZE to make states of them";
    return false;
  }
  return true;
}

SmallVector<Pair> findPairs(func::FuncOp func, ArrayRef<std::string> patterns) {
  SmallVector<Pair> pairs;
  llvm::SmallDenseSet<unsigned> taken;
  for (unsigned i = 0; i < func.getNumArguments(); ++i)
    for (StringRef pattern : patterns) {
      StringRef in = pattern.split('=').first, out = pattern.split('=').second;
      std::optional<StringRef> text = match(in, getName(func.getArgAttrDict(i)));
      if (!text)
        continue;
      auto results = llvm::seq<unsigned>(0, func.getNumResults());
      auto found = llvm::find_if(results, [&](unsigned j) {
        return match(out, getName(func.getResultAttrDict(j))) == text &&
               !taken.contains(j) &&
               getElementTypeOrSelf(func.getResultTypes()[j]) ==
                   getElementTypeOrSelf(func.getArgumentTypes()[i]);
      });
      if (found == results.end())
        continue;
      taken.insert(*found);
      pairs.push_back({i, *found});
      break;
    }
  return pairs;
}

class StateFormer {
public:
  StateFormer(ModuleOp module, int64_t capacity)
      : module(module), capacity(capacity) {}

  LogicalResult form(func::FuncOp func, ArrayRef<Pair> pairs) {
    llvm::BitVector inputs(func.getNumArguments()), outputs(func.getNumResults());
    auto end = cast<func::ReturnOp>(func.getBody().front().getTerminator());
    for (const Pair &pair : pairs) {
      nn::StateOp state = getState(func, pair);
      if (!state)
        return failure();
      replace(state, func.getArgument(pair.input), end, pair.output);
      inputs.set(pair.input);
      outputs.set(pair.output);
    }
    end->eraseOperands(outputs);
    func.eraseResults(outputs);
    func.eraseArguments(inputs);
    return success();
  }

  unsigned numStates = 0;

private:
  nn::StateOp getState(func::FuncOp func, const Pair &pair) {
    StringRef name = getName(func.getArgAttrDict(pair.input));
    auto type = cast<RankedTensorType>(func.getArgumentTypes()[pair.input]);
    std::optional<int64_t> axis = getGrowingAxis(type);
    if (!axis) {
      func.emitError("state '")
          << name << "' expects an input with one dynamic size, along which it "
          << "grows, got " << type << "; fix the others with --dim NAME=SIZE, or "
          << "keep caches as inputs with --state=none";
      return {};
    }
    SmallVector<int64_t> shape(type.getShape());
    shape[*axis] = capacity;
    auto stateType = RankedTensorType::get(shape, type.getElementType());
    if (auto state = module.lookupSymbol<nn::StateOp>(name)) {
      if (state.getType() == stateType)
        return state;
      func.emitError("state '") << name << "' has type " << state.getType()
                                << " in one entry and " << stateType
                                << " in this one";
      return {};
    }
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    builder.setInsertionPoint(&*llvm::find_if(*module.getBody(), [](Operation &op) {
      return !isa<nn::StateOp>(op);
    }));
    return builder.create<nn::StateOp>(func.getLoc(), name, stateType, *axis,
                                       numStates++);
  }

  void replace(nn::StateOp state, BlockArgument past, func::ReturnOp end,
               unsigned output) {
    Value present = end.getOperand(output);
    auto concat = present.getDefiningOp<nn::ConcatOp>();
    OpBuilder builder(end);
    bool appends = concat && concat->getNumOperands() == 2 &&
                   concat->getOperand(0) == past &&
                   int64_t(concat.getAxis()) == int64_t(state.getAxis());
    if (appends) {
      builder.setInsertionPoint(concat);
      Value all = builder.create<nn::StateAppendOp>(
          concat.getLoc(), concat.getType(),
          FlatSymbolRefAttr::get(state.getSymNameAttr()), concat->getOperand(1));
      concat.getResult().replaceAllUsesWith(all);
      concat.erase();
    } else {
      builder.create<nn::StateWriteOp>(
          end.getLoc(), FlatSymbolRefAttr::get(state.getSymNameAttr()), present);
    }
    if (past.use_empty())
      return;
    builder.setInsertionPointToStart(past.getOwner());
    past.replaceAllUsesWith(builder.create<nn::StateReadOp>(
        past.getLoc(), past.getType(),
        FlatSymbolRefAttr::get(state.getSymNameAttr())));
  }

  ModuleOp module;
  int64_t capacity;
};

struct FormStates : impl::FormStatesBase<FormStates> {
  using FormStatesBase::FormStatesBase;

  void runOnOperation() override {
    SmallVector<std::string> given(patterns.begin(), patterns.end());
    if (given.empty())
      given.assign(std::begin(defaultPatterns), std::end(defaultPatterns));
    StateFormer former(getOperation(), capacity);
    for (func::FuncOp func : getOperation().getOps<func::FuncOp>()) {
      SmallVector<Pair> pairs = findPairs(func, given);
      // What nobody asked for must not be an error.
      if (patterns.empty() && !areGrowing(func, pairs))
        continue;
      if (failed(former.form(func, pairs)))
        return signalPassFailure();
    }
  }
};
} // namespace
} // namespace burin
