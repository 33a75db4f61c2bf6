//===- ImportEinsum.cpp - Equations to index maps -------------------------===//
//
// Each letter becomes a loop, each dimension under an ellipsis too. Operands are
// multiplied two at a time from the left; what only one of them has and nobody
// needs later is summed before, so that the product is one of matrices.
//
//===----------------------------------------------------------------------===//

#include "compiler/Import/NodeReader.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace burin;

namespace burin {
LogicalResult importEinsum(const NodeReader &node);
} // namespace burin

namespace {
/// What one dimension is called: a letter, or the place in the ellipsis counted
/// from its end, which is not negative and lies before all letters.
using Label = int;
using Labels = SmallVector<Label, 8>;

/// One side of a comma: letters, and where among them the ellipsis stands.
struct Term {
  Labels letters;
  std::optional<size_t> ellipsis;
};

struct Operand {
  Value value;
  Labels labels;
};

struct Equation {
  SmallVector<Term> inputs;
  std::optional<Term> output; ///< None in implicit form.
};

FailureOr<Term> parseTerm(const NodeReader &node, StringRef text) {
  Term term;
  while (!text.empty()) {
    if (text.consume_front("...")) {
      if (term.ellipsis)
        return node.emitInvalid() << "equation has two ellipses in one term";
      term.ellipsis = term.letters.size();
    } else if (llvm::isAlpha(text.front())) {
      term.letters.push_back(text.front());
      text = text.drop_front();
    } else {
      return node.emitInvalid()
             << "equation expects letters and '...', got '"
             << text.take_front() << "'";
    }
  }
  return term;
}

FailureOr<Equation> parseEquation(const NodeReader &node) {
  FailureOr<std::string> given = node.getString("equation");
  if (failed(given))
    return failure();
  std::string text = *given;
  llvm::erase(text, ' ');
  auto [left, right] = StringRef(text).split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  Equation equation;
  for (StringRef text : terms) {
    FailureOr<Term> term = parseTerm(node, text);
    if (failed(term))
      return failure();
    equation.inputs.push_back(*term);
  }
  if (StringRef(text).contains("->")) {
    FailureOr<Term> term = parseTerm(node, right);
    if (failed(term))
      return failure();
    equation.output = *term;
  }
  if (int(equation.inputs.size()) != node.getNumInputs())
    return node.emitInvalid() << "equation expects "
                              << equation.inputs.size() << " inputs, got "
                              << node.getNumInputs();
  return equation;
}

/// The letters with the `count` dimensions of the ellipsis among them.
Labels expand(const Term &term, int count) {
  Labels labels = term.letters;
  if (term.ellipsis)
    for (int i = 0; i < count; ++i)
      labels.insert(labels.begin() + *term.ellipsis, i);
  return labels;
}

FailureOr<SmallVector<Operand>> getOperands(const NodeReader &node,
                                            const Equation &equation,
                                            int &ellipsis) {
  SmallVector<Operand> operands;
  for (auto [i, term] : llvm::enumerate(equation.inputs)) {
    if (!node.hasInput(i))
      return node.emitInvalid() << "expects all inputs";
    int hidden = node.getRank(i) - int64_t(term.letters.size());
    if (hidden < 0 || (hidden > 0 && !term.ellipsis))
      return node.emitInvalid()
             << "equation expects input " << i << " of rank "
             << term.letters.size() << ", got " << node.getInputType(i);
    ellipsis = std::max(ellipsis, hidden);
    operands.push_back({node.getInput(i), expand(term, hidden)});
  }
  return operands;
}

/// Letters that appear once, in ASCII order.
Labels getImplicitOutput(const Equation &equation) {
  std::map<Label, int> counts;
  for (const Term &term : equation.inputs)
    for (Label letter : term.letters)
      ++counts[letter];
  Labels letters;
  for (auto [letter, count] : counts)
    if (count == 1)
      letters.push_back(letter);
  return letters;
}

FailureOr<Labels> getOutput(const NodeReader &node, const Equation &equation,
                            ArrayRef<Operand> operands, int ellipsis) {
  Term term;
  if (equation.output)
    term = *equation.output;
  else
    term = {getImplicitOutput(equation), 0};
  if (ellipsis > 0 && !term.ellipsis)
    return node.emitInvalid() << "equation expects an ellipsis in the output";
  Labels labels = expand(term, ellipsis);
  for (auto [i, label] : llvm::enumerate(labels)) {
    if (llvm::is_contained(ArrayRef(labels).take_front(i), label))
      return node.emitInvalid() << "equation has '" << std::string(1, label)
                                << "' twice in the output";
    if (llvm::none_of(operands, [&, label = label](const Operand &operand) {
          return llvm::is_contained(operand.labels, label);
        }))
      return node.emitInvalid() << "equation has '" << std::string(1, label)
                                << "' in no input";
  }
  return labels;
}

/// Multiplies `operands`, sums what `kept` does not have.
FailureOr<Operand> contract(const NodeReader &node, ArrayRef<Operand> operands,
                            const Labels &kept) {
  Labels loops = kept;
  for (const Operand &operand : operands)
    for (Label label : operand.labels)
      if (!llvm::is_contained(loops, label))
        loops.push_back(label);
  Builder &builder = node.getBuilder();
  auto getMap = [&](const Labels &labels) {
    SmallVector<AffineExpr> dims;
    for (Label label : labels)
      dims.push_back(
          builder.getAffineDimExpr(llvm::find(loops, label) - loops.begin()));
    return AffineMap::get(loops.size(), 0, dims, builder.getContext());
  };
  SmallVector<AffineMap> maps;
  SmallVector<Value> values;
  for (const Operand &operand : operands) {
    maps.push_back(getMap(operand.labels));
    values.push_back(operand.value);
  }
  maps.push_back(getMap(kept));
  Value result = node.buildValue<nn::EinsumOp>(
      node.getElementType(0), values, builder.getAffineMapArrayAttr(maps));
  if (!result)
    return failure();
  return Operand{result, kept};
}

/// Those labels of `operand` that `isNeeded`, each once.
Labels select(const Operand &operand, function_ref<bool(Label)> isNeeded) {
  Labels kept;
  for (Label label : operand.labels)
    if (isNeeded(label) && !llvm::is_contained(kept, label))
      kept.push_back(label);
  return kept;
}

/// `operand` without what nobody needs, which is summed.
FailureOr<Operand> shrink(const NodeReader &node, const Operand &operand,
                          function_ref<bool(Label)> isNeeded) {
  Labels kept = select(operand, isNeeded);
  if (kept.size() == operand.labels.size())
    return operand;
  return contract(node, operand, kept);
}

FailureOr<Operand> multiplyAll(const NodeReader &node,
                               ArrayRef<Operand> operands,
                               const Labels &output) {
  if (operands.size() == 1)
    return contract(node, operands, output);
  Operand product = operands.front();
  for (size_t i = 1; i < operands.size(); ++i) {
    const Operand &next = operands[i];
    ArrayRef<Operand> rest = operands.drop_front(i + 1);
    auto isNeededLater = [&](Label label) {
      return llvm::is_contained(output, label) ||
             llvm::any_of(rest, [&](const Operand &operand) {
               return llvm::is_contained(operand.labels, label);
             });
    };
    FailureOr<Operand> a = shrink(node, product, [&](Label label) {
      return isNeededLater(label) || llvm::is_contained(next.labels, label);
    });
    if (failed(a))
      return failure();
    FailureOr<Operand> b = shrink(node, next, [&](Label label) {
      return isNeededLater(label) || llvm::is_contained(a->labels, label);
    });
    if (failed(b))
      return failure();
    Labels kept = output;
    if (!rest.empty()) {
      kept = select(*a, isNeededLater);
      for (Label label : select(*b, isNeededLater))
        if (!llvm::is_contained(kept, label))
          kept.push_back(label);
    }
    FailureOr<Operand> both = contract(node, {*a, *b}, kept);
    if (failed(both))
      return failure();
    product = *both;
  }
  return product;
}
} // namespace

LogicalResult burin::importEinsum(const NodeReader &node) {
  FailureOr<Equation> equation = parseEquation(node);
  if (failed(equation) || failed(node.requireNumeric(0)))
    return failure();
  for (int i = 1; i < node.getNumInputs(); ++i)
    if (failed(node.requireSameType({0, i})))
      return failure();
  int ellipsis = 0;
  FailureOr<SmallVector<Operand>> operands =
      getOperands(node, *equation, ellipsis);
  if (failed(operands))
    return failure();
  FailureOr<Labels> output = getOutput(node, *equation, *operands, ellipsis);
  if (failed(output))
    return failure();
  FailureOr<Operand> result = multiplyAll(node, *operands, *output);
  if (failed(result))
    return failure();
  node.setOutput(0, result->value);
  return success();
}
