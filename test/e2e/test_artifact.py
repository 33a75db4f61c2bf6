"""What burinc writes besides shared libraries, and what is in them."""
import json
import os
import pathlib
import re

import numpy as np
import onnx
from harness.programs import execute
from harness.tensors import save_value
from support import ModelTest, model, value

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIGITS = ROOT / "examples/digits"
MAX_RUNTIME = 150 << 10  # bytes of code and data

PROGRAM = """
#include "digits.h"
#include "2%.h"
#include <stdio.h>

int main(void) {
  static const float image[2][64] = {{1}, {2}};
  const double value[] = {0, 3, 0, -4, 5};
  float scores[20];
  burin_tensor where = {NULL, 0, 0, {0}};
  burin_model *first, *second;
  burin_session *one, *two;
  burin_error error;
  if (burin_model_wrap(digits_model(), NULL, &first, &error) ||
      burin_model_wrap(model_2__model(), NULL, &second, &error) ||
      burin_session_create(first, 2, &one, &error) || burin_session_create(second, 1, &two, &error) ||
      digits_main(one, &image[0][0], 2, scores, &error) ||
      model_2__main(two, value, value, 5, &where, NULL, &error)) {
    puts(error.text);
    return 1;
  }
  for (int i = 0; i < 20; ++i)
    printf("%.9g\\n", scores[i]);
  for (int i = 0; i < where.shape[1]; ++i)
    printf("%d\\n", (int)((const int64_t *)where.data)[i]);
  return 0;
}
"""


def odd_names():
    """A model whose names C would choke on, and an output whose shape is found by running it."""
    size = "a size */\n#error"
    return model([("Add", ["double", "session"], ["*/ sum"], {}), ("NonZero", ["*/ sum"], ["error"], {})],
                 [value("double", "float64", [size]), value("session", "float64", [size])],
                 [value("error", "int64", [1, None]), value("*/ sum", "float64", [size])])


class Artifact(ModelTest):
    def setUp(self):
        self.folder = pathlib.Path(self.home.name) / self.id().split(".")[-1]
        self.folder.mkdir()
        self.model = DIGITS / "digits_cnn.onnx"
        self.image = np.load(DIGITS / "image.npy")
        with np.load(pathlib.Path(__file__).parent / "digits_logits.npz") as file:
            self.logits = file["logits"][:1]

    def emit(self, kind, name, *args, path=None):
        artifact = self.folder / name
        self.succeed(self.programs.compile(path or self.model, artifact, f"--emit={kind}", *args))
        return artifact

    def succeed(self, ended):
        self.assertTrue(ended.ok, f"{ended}\n{ended.stderr}")
        return ended.stdout

    @property
    def is_arm(self):
        return bool(self.programs.runner)

    def compile_c(self, *args, language="c", standard="c99"):
        """clang on `args`, with every warning an error."""
        target = "--target=aarch64-linux-gnu" if self.is_arm else "--target=x86_64-linux-gnu"
        self.succeed(execute(["clang-19", target, "-x", language, f"-std={standard}", "-Wall", "-Wextra", "-Werror",
                              "-pedantic", f"-I{ROOT}/runtime/include", f"-I{self.folder}", *args], 60))

    def run_program(self, program, *args, code=0):
        ended = execute([*self.programs.runner, program, *args], 60)
        self.assertEqual(ended.code, code, f"{ended}\n{ended.stderr}")
        return ended.stdout

    def check_program(self, program):
        image, logits = (save_value(v, self.folder, n) for v, n in ((self.image, "image"), (self.logits, "logits")))
        self.run_program(program, "--input", f"image={image}", "--expect", f"logits={logits}")

    def needed(self, file):
        return sorted(re.findall(r"NEEDED.*\[(.*)\]", self.succeed(execute(["llvm-readelf-19", "-d", file], 60))))

    def test_shared_library_needs_the_c_library_alone(self):
        self.assertEqual(self.needed(self.emit("shared", "digits.so")), ["libc.so.6", "libm.so.6"])

    def test_program(self):
        program = self.emit("exe", "digits")
        self.assertEqual(set(self.needed(program)) - {"libc.so.6", "libm.so.6", "ld-linux-aarch64.so.1"}, set())
        self.check_program(program)
        self.assertIn("usage: PROGRAM [options]", self.run_program(program, "--help"))
        self.assertIn("entry main", self.run_program(program, "--describe"))
        self.run_program(program, "other.so", code=2)

    def test_program_finds_its_weights(self):
        program = self.emit("exe", "digits", "--weights=external")
        self.assertTrue((self.folder / "digits.weights").exists())
        self.check_program(program)
        (self.folder / "digits.weights").unlink()
        self.run_program(program, "--fill", "ones", code=3)

    def test_several_processors(self):
        """The best runs unless another is asked for; all read one file of weights, and give what they shall."""
        low, high = ("generic", "generic+dotprod") if self.is_arm else ("x86-64-v2", "x86-64-v3")
        for weights in ("embedded", "external"):
            program = self.emit("exe", f"digits-{weights}", f"--cpu={low},{high}", f"--weights={weights}")
            described = json.loads(self.run_program(program, "--describe", "--json"))
            self.assertEqual([level["cpu"] for level in described["levels"]], [high, low])
            self.assertIn("dotprod" if self.is_arm else "avx2", described["levels"][0]["features"].split(","))
            self.assertEqual(described["cpu"], high)
            image, logits = (save_value(v, self.folder, n) for v, n in ((self.image, "image"), (self.logits, "logits")))
            for args, cpu in (((), high), (("--cpu", low), low), (("--cpu", high), high)):
                ran = json.loads(self.run_program(program, "--input", f"image={image}", "--expect", f"logits={logits}",
                                                  "--json", *args))
                self.assertEqual(ran["cpu"], cpu)
            self.run_program(program, "--fill", "ones", "--cpu", "other", code=2)
        one = self.emit("shared", "one.so", f"--cpu={low}").stat().st_size
        both = self.emit("shared", "both.so", f"--cpu={low},{high}").stat().st_size
        self.assertLess(one, both)

    def test_other_processors_are_refused(self):
        """What this machine lacks is named, and what to do about it."""
        if self.is_arm:
            self.skipTest("qemu has all features")
        artifact = self.emit("shared", "other.so", "--cpu=x86-64-v3+fma4+xop")
        ended = execute([self.programs.bin / "burin-run", artifact, "--describe"], 60)
        self.assertEqual(ended.code, 3)
        self.assertRegex(ended.stderr, r"needs \S+; this CPU does not have it: compile the model with --cpu=x86-64-v\d")

    def test_two_libraries_in_one_c_program(self):
        proto = odd_names()
        (self.folder / "odd.onnx").write_bytes(proto.SerializeToString())
        first = self.emit("lib", "digits.a")
        second = self.emit("lib", "2%.a", path=self.folder / "odd.onnx")
        (self.folder / "program.c").write_text(PROGRAM)
        self.compile_c(self.folder / "program.c", "-x", "none", first, second, "-fuse-ld=lld", "-lm",
                       "-lpthread", "-o", self.folder / "program")
        lines = self.run_program(self.folder / "program").split()
        self.assertEqual(lines[20:], ["1", "3", "4"])
        images = np.zeros((2, 1, 8, 8), np.float32)
        images[:, 0, 0, 0] = 1, 2
        found = self.run_model(self.model.read_bytes(), {"image": images}, {"logits": self.logits})["logits"]
        self.assertEqual([np.float32(x) for x in lines[:20]], list(found.ravel()))

    def test_headers_are_cpp_too(self):
        self.emit("lib", "digits.a")
        (self.folder / "program.cpp").write_text('#include "digits.h"\n')
        for standard in ("c++11", "c++20"):
            self.compile_c("-fsyntax-only", self.folder / "program.cpp", language="c++", standard=standard)

    def test_object_has_its_weights(self):
        file = self.emit("obj", "digits.o")
        self.compile_c("-x", "none", "-fuse-ld=lld", "-shared", "-nostdlib", file, "-o", self.folder / "digits.so")
        ended, found = self.programs.run(self.folder / "digits.so", {"image": self.image}, self.folder,
                                         {"logits": self.logits})
        self.succeed(ended)
        np.testing.assert_allclose(found["logits"], self.logits, rtol=1e-3, atol=1e-3)

    def test_text(self):
        for kind, expected in (("asm", r"^burin_model_v1:"), ("llvm", r"^define .*@burin_model_v1\(")):
            text = self.succeed(self.programs.compile(self.model, "-", f"--emit={kind}"))
            self.assertRegex(text, re.compile(expected, re.M))

    def test_same_bytes_each_time(self):
        for kind, name in (("shared", "digits.so"), ("lib", "digits.a"), ("exe", "digits"), ("obj", "digits.o")):
            with self.subTest(kind=kind):
                self.assertEqual(self.emit(kind, name).read_bytes(), self.emit(kind, name).read_bytes())

    def compile_cached(self, cache, kind, name, *args, model=None):
        """burinc -v with a cache; (what it says of the cache, the kernels that it lists, the bytes of all that it writes)."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        env = {**os.environ, "XDG_CACHE_HOME": os.fspath(cache)}
        ended = execute([self.programs.bin / "burinc", model or self.model, "-o", folder / name, f"--emit={kind}", "-v",
                         *self.programs.burinc_args, *args], 60, env)
        self.succeed(ended)
        said = re.findall(r"^burinc: cache, (\w+)", ended.stderr, re.M)
        kernels = re.findall(r"^(?:kernels of| +\d+ ).*", ended.stderr, re.M)
        return (said[0] if said else None), kernels, {f.name: (f.read_bytes(), f.stat().st_mode) for f in folder.iterdir()}

    def test_cache(self):
        cache = self.folder / "cache"
        for kind, name, *args in (("shared", "a.so"), ("shared", "b.so", "--weights=external"), ("lib", "c.a"),
                                  ("exe", "d"), ("obj", "e.o"), ("shared", "f.so", "--cpu=generic+dotprod" if self.is_arm
                                                                 else "--cpu=x86-64-v3")):
            with self.subTest(name=name):
                first = self.compile_cached(cache, kind, name, *args)
                for file in (self.folder / name).iterdir():
                    file.unlink()
                self.assertGreater(len(first[1]), 1)
                again = self.compile_cached(cache, kind, name, *args)
                self.assertEqual((first[0], again[0]), ("miss", "hit"))
                self.assertEqual(first[1:], again[1:])
        # What matters is told apart; what does not is not.
        self.assertEqual(self.compile_cached(cache, "shared", "a.so", "-O1")[0], "miss")
        self.assertEqual(self.compile_cached(cache, "shared", "a.so", "--dim", "batch=2")[0], "miss")
        self.assertEqual(self.compile_cached(cache, "shared", "g.so", "--time")[0], "hit")
        self.assertEqual(self.compile_cached(cache, "shared", "a.so", "--no-cache")[0], None)
        other = self.folder / "other.onnx"
        other.write_bytes(self.model.read_bytes() + b"\x32\x01x")  # its documentation
        self.assertEqual(self.compile_cached(cache, "shared", "a.so", model=other)[0], "miss")

    def test_cache_is_no_condition(self):
        """Damaged entries are compiled again, and a folder that cannot be made is none."""
        cache = self.folder / "cache"
        first = self.compile_cached(cache, "shared", "a.so")
        entry, = (cache / "burin").iterdir()
        bytes_ = bytearray(entry.read_bytes())
        bytes_[len(bytes_) // 2] ^= 1
        entry.write_bytes(bytes_)
        self.assertEqual(self.compile_cached(cache, "shared", "a.so"), first)
        self.assertEqual(self.compile_cached(cache, "shared", "a.so"), ("hit", *first[1:]))
        file = self.folder / "file"
        file.write_text("")
        self.assertEqual(self.compile_cached(file, "shared", "a.so"), first)

    def test_cache_knows_side_files(self):
        proto = onnx.load(self.model)
        file = self.folder / "split.onnx"
        onnx.save(proto, file, save_as_external_data=True, location="side.bin", size_threshold=16)
        cache = self.folder / "cache"
        self.assertEqual(self.compile_cached(cache, "shared", "a.so", model=file)[0], "miss")
        self.assertEqual(self.compile_cached(cache, "shared", "a.so", model=file)[0], "hit")
        side = bytearray((self.folder / "side.bin").read_bytes())
        side[0] ^= 1
        (self.folder / "side.bin").write_bytes(side)
        self.assertEqual(self.compile_cached(cache, "shared", "a.so", model=file)[0], "miss")

    def test_runtime_is_small(self):
        folder = self.programs.bin.parent / "lib/burin" / ("arm" if self.is_arm else "x86")

        def sizes(name):
            """Bytes of code and data of each of a library's objects."""
            lines = self.succeed(execute(["llvm-size-19", folder / name], 60)).splitlines()[1:]
            return sorted(sum(int(n) for n in line.split()[:2]) for line in lines)

        runtime, kernels = sum(sizes("libburin_runtime.a")), sizes("libburin_kernels.a")
        print(f"runtime: {runtime / 1024:.1f} KiB; all kernels: {sum(kernels) / 1024:.1f} KiB")
        # An artifact has the kernels that it uses.
        self.assertLess(runtime + sum(kernels[-2:]), MAX_RUNTIME)
