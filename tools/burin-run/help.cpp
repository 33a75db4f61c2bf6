//===- help.cpp - What --help and --version print -------------------------===//

#include "help.h"

const char burin_run::versionText[] = "burin-run " BURIN_VERSION "\n";

const char burin_run::usageText[] =
    R"(burin-run: run a model that burinc compiled

usage: burin-run ARTIFACT [options]
)";

const char burin_run::linkedUsageText[] =
    R"(A model that burinc compiled into a program

usage: PROGRAM [options]
)";

const char burin_run::helpText[] = R"(
What is in it
  --describe              print entries, tensors, states and sizes; run nothing
  --entry NAME            the entry to run (default: the first)
  --cpu NAME              of code for several processors, that for this one
                          (default: the best that this machine can run)

Inputs
  --input NAME=FILE.npy   an input's values; once per input
  --fill random|zeros|ones
                          values for inputs without --input. random: floats in
                          [-1, 1), integers and booleans 0 or 1, so that they are
                          valid as indices
  --seed N                of --fill random (default 0); same seed, same values
  --dim NAME=SIZE         size of a symbolic dimension for --fill (default 1, or
                          what the inputs from files have there)

Outputs
  --output-dir DIR        write each output as DIR/NAME.npy; all of them or none
  --expect NAME=FILE.npy  compare an output with FILE; exit code 1 if it differs:
                          integers must be equal, floats within atol + rtol x |e|
  --rtol R                default 1e-3; f16 and bf16 1e-2; 8 bits and fewer 0.1
  --atol A                default rtol x root mean square of FILE

Measuring
  --repeat N --warmup N   run N times after N unmeasured runs (default 1 and 0)
  --threads N             of each stream (default: one per core that it has)
  --streams S             run S sessions at once, each in a thread of its own,
                          N times and on its part of the cores: for throughput,
                          as one stream with all threads is for latency
                          (default 1). They share the weights and nothing else
  --trace FILE            write when each kernel ran, in Chrome's trace format
                          (chrome://tracing, ui.perfetto.dev)
  --json                  print one object to stdout, and nothing else there

  --help, --version

NAME in --input and --expect may have any byte written as %XX, as the names of
the files in --output-dir have. Types that NumPy lacks are raw bits: |V2 for
bf16, |V1 for float8 and for everything smaller.

Exit codes: 0 done, 1 an output differs from --expect, 2 usage or a tensor that
does not fit its input, 3 a bad file or values that the model refuses, 5 the
machine (memory, disk).
)";

const char burin_run::examplesText[] = R"(
Examples
  burin-run resnet50.so --describe
  burin-run resnet50.so --fill random --repeat 100 --warmup 5 --threads 2
  burin-run resnet50.so --fill random --repeat 100 --threads 1 --streams 8
  burin-run bert.so --input ids=ids.npy --input mask=mask.npy --output-dir out
  burin-run bert.so --fill random --dim batch=4 --dim sequence=128 --json
  burin-run mlp.so --input x=x.npy --expect y=y.npy --rtol 1e-4
)";
