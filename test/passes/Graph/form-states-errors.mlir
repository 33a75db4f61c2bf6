// RUN: burin-opt %s --burin-form-states="patterns=past=present" --split-input-file --verify-diagnostics

// expected-error@+1 {{state 'past' expects an input with one dynamic size}}
func.func @two(%past: tensor<?x?xf32> {nn.name = "past"}) -> (tensor<?x?xf32> {nn.name = "present"}) {
  return %past : tensor<?x?xf32>
}
