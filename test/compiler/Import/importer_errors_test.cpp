//===- importer_errors_test.cpp - Models that cannot be imported say why --===//

#include "models.h"

using namespace burin;
using namespace burin::test;

namespace {

/// x of 2x4 floats, y to be computed.
ModelBuilder makeEmpty(int64_t opset = 21) {
  ModelBuilder model(opset);
  model.addInput("x", {2, 4});
  model.addOutput("y");
  return model;
}

TEST(ImporterErrors, ListsEveryUnsupportedOperator) {
  ModelBuilder model = makeEmpty();
  model.addNode("Frobnicate", {"x"}, {"a"})->set_name("first");
  model.addNode("Relu", {"a"}, {"b"}, "com.nowhere");
  model.addNode("Relu", {"b"}, {"y"});
  Imported result(std::move(model));
  EXPECT_EQ(result.code, ExitCode::Unsupported);
  EXPECT_EQ(result.messages,
            "m.onnx: error: node 'first': operator 'Frobnicate' is not "
            "supported\n"
            "m.onnx: error: node 'b': operator 'Relu' of domain 'com.nowhere' "
            "is not supported\n");
}

TEST(ImporterErrors, TheListEndsSomewhere) {
  ModelBuilder model = makeEmpty();
  for (int i = 0; i < 100; ++i)
    model.addNode("Frobnicate", {"x"}, {i ? "t" + std::to_string(i) : "y"});
  Imported result(std::move(model));
  EXPECT_NE(result.messages.find("and 80 more nodes"), std::string::npos)
      << result.messages;
}

TEST(ImporterErrors, WhatShapeRulesSayIsInvalid) {
  ModelBuilder model = makeEmpty();
  model.addTensor("w", onnx::TensorProto::FLOAT, {3})
      ->set_raw_data(std::string(12, '\0'));
  model.addNode("Add", {"x", "w"}, {"y"})->set_name("sum");
  Imported result(std::move(model));
  EXPECT_EQ(result.code, ExitCode::Invalid);
  EXPECT_NE(result.messages.find("m.onnx: error: node 'sum': "),
            std::string::npos)
      << result.messages;
}

TEST(ImporterErrors, CallersPassNoMoreThanEightDimensions) {
  ModelBuilder input(21);
  input.addInput("x", {1, 1, 1, 1, 1, 1, 1, 1, 1});
  input.addOutput("y");
  input.addNode("ReduceSum", {"x"}, {"y"});
  Imported first(std::move(input));
  EXPECT_EQ(first.code, ExitCode::Unsupported);
  EXPECT_EQ(first.messages, "m.onnx: error: input 'x' of operator 'ReduceSum' has more than 8 "
                            "dimensions, which callers cannot pass; reshape it in the model\n");
  ModelBuilder output = makeEmpty();
  for (int i = 0; i < 7; ++i)
    output.addNode("Unsqueeze", {i ? "t" + std::to_string(i) : "x", "axis"},
                   {i == 6 ? "y" : "t" + std::to_string(i + 1)})
        ->set_name("grow" + std::to_string(i));
  output.addTensor("axis", onnx::TensorProto::INT64, {1})->set_raw_data(std::string(8, '\0'));
  Imported second(std::move(output));
  EXPECT_EQ(second.code, ExitCode::Unsupported);
  EXPECT_EQ(second.messages, "m.onnx: error: node 'grow6': output 'y' has more than 8 dimensions, "
                             "which callers cannot pass; reshape it in the model\n");
}

TEST(ImporterErrors, NamesOutOfTheFileAreEscapedAndShort) {
  ModelBuilder model = makeEmpty();
  model.addNode("Frobnicate", {"x"}, {"y"})
      ->set_name("\x1b[2J\n" + std::string(5000, 'a'));
  Imported result(std::move(model));
  EXPECT_NE(result.messages.find("\\x1B[2J\\x0Aaaa"), std::string::npos);
  EXPECT_LT(result.messages.size(), 400u);
}

TEST(ImporterErrors, UsesMustFollowDefinitions) {
  ModelBuilder model = makeEmpty();
  model.addNode("Relu", {"a"}, {"y"});
  model.addNode("Neg", {"x"}, {"a"});
  Imported result(std::move(model));
  EXPECT_EQ(result.code, ExitCode::Invalid);
  EXPECT_NE(result.messages.find("before a node defines it"),
            std::string::npos);
}

TEST(ImporterErrors, AValueIsDefinedOnce) {
  ModelBuilder model = makeEmpty();
  model.addNode("Relu", {"x"}, {"y"});
  model.addNode("Neg", {"x"}, {"y"});
  EXPECT_EQ(Imported(std::move(model)).code, ExitCode::Invalid);
}

TEST(ImporterErrors, FunctionsMayNotRecurse) {
  ModelBuilder model = makeEmpty();
  model.addNode("A", {"x"}, {"y"}, "f");
  for (auto [name, callee] : {std::pair("A", "B"), std::pair("B", "A")}) {
    onnx::FunctionProto *function = model.proto.add_functions();
    function->set_domain("f");
    function->set_name(name);
    function->add_input("a");
    function->add_output("b");
    setNode(function->add_node(), callee, {"a"}, {"b"}, "f");
  }
  Imported result(std::move(model));
  EXPECT_EQ(result.code, ExitCode::Invalid);
  EXPECT_NE(result.messages.find("calls itself"), std::string::npos);
}

TEST(ImporterErrors, TooManyNodesAreTooMuchForTheMachine) {
  ModelBuilder model = makeEmpty();
  model.addNode("Relu", {"x"}, {"a"});
  model.addNode("Relu", {"a"}, {"y"});
  ImportOptions options;
  options.maxNodes = 1;
  EXPECT_EQ(Imported(std::move(model), options).code, ExitCode::Machine);
}

TEST(ImporterErrors, OpsetsAreKnownOrRefused) {
  for (auto [opset, code] :
       {std::pair(0, ExitCode::Invalid), std::pair(21, ExitCode::Done),
        std::pair(9999, ExitCode::Unsupported)}) {
    ModelBuilder model = makeEmpty(opset);
    model.addNode("Relu", {"x"}, {"y"});
    EXPECT_EQ(Imported(std::move(model)).code, code) << opset;
  }
}

TEST(ImporterErrors, AttributesAreOfTheirKind) {
  ModelBuilder model = makeEmpty();
  onnx::NodeProto *node = model.addNode("LeakyRelu", {"x"}, {"y"});
  addAttr(node, "alpha", onnx::AttributeProto::INT)->set_i(1);
  Imported result(std::move(model));
  EXPECT_EQ(result.code, ExitCode::Invalid);
  EXPECT_NE(result.messages.find("attribute 'alpha' expects a float, got an "
                                 "integer"),
            std::string::npos)
      << result.messages;
}

TEST(ImporterErrors, InputsThatAreNoTensorsNameTheirOperator) {
  ModelBuilder model = makeEmpty();
  onnx::ValueInfoProto *input = model.graph->add_input();
  input->set_name("s");
  setType(model.graph->add_input(), "other", {1}, onnx::TensorProto::FLOAT);
  input->mutable_type()
      ->mutable_sequence_type()
      ->mutable_elem_type()
      ->mutable_tensor_type()
      ->set_elem_type(onnx::TensorProto::FLOAT);
  model.addNode("Identity", {"s"}, {"y"});
  Imported result(std::move(model));
  EXPECT_EQ(result.code, ExitCode::Unsupported);
  EXPECT_NE(result.messages.find("operator 'Identity'"), std::string::npos)
      << result.messages;
}

TEST(ImporterErrors, OutputsHaveTheDeclaredType) {
  ModelBuilder model;
  model.addInput("x", {2});
  model.addNode("Relu", {"x"}, {"y"});
  setType(model.graph->add_output(), "y", {2}, onnx::TensorProto::INT64);
  EXPECT_EQ(Imported(std::move(model)).code, ExitCode::Invalid);
}

} // namespace
