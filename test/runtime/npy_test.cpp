//===- npy_test.cpp - Tensors as NumPy's .npy files -----------------------===//

#include "fake.h"
#include "npy.h"
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using fake::tensor;

/// A file with parts that a test chooses.
class Npy : public testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/burin-npy-XXXXXX";
    folder = mkdtemp(name);
  }
  void TearDown() override {
    unlink(path().c_str());
    rmdir(folder.c_str());
    free(result.data);
  }
  std::string path() const { return folder + "/x.npy"; }

  burin_status read(const std::string &content, int32_t dtype) {
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << content;
    free(result.data);
    result = {};
    return burin::readNpy(path().c_str(), dtype, &result, &error);
  }
  static std::string file(const std::string &header, const std::string &body) {
    return std::string("\x93NUMPY\1\0", 8) + char(header.size()) +
           char(header.size() >> 8) + header + body;
  }
  static std::string header(const std::string &type, const std::string &shape,
                            const char *order = "False") {
    return "{'descr': " + type + ", 'fortran_order': " + order +
           ", 'shape': " + shape + ", }\n";
  }
  std::string written() const {
    std::ifstream file(path(), std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::string folder;
  burin_tensor result = {};
  burin_error error = {};
};

TEST_F(Npy, ComesBackAsItWasWritten) {
  for (int32_t dtype = 0; dtype < BURIN_NUM_DTYPES; ++dtype) {
    unsigned char data[48] = {};
    for (size_t i = 0; i < sizeof(data); ++i)
      data[i] = i % 2; // fits all types
    burin_tensor out = tensor(data, dtype, {2, 0, 3});
    out.shape[1] = 1;
    unlink(path().c_str());
    ASSERT_EQ(burin::writeNpy(path().c_str(), &out, &error), BURIN_OK)
        << error.text;
    burin_tensor in = {};
    ASSERT_EQ(burin::readNpy(path().c_str(), dtype, &in, &error), BURIN_OK)
        << burin_dtype_name(dtype) << error.text;
    EXPECT_EQ(in.rank, 3);
    EXPECT_EQ(memcmp(in.data, data, 6 * burin_dtype_size(dtype)), 0);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(in.data) % 64, 0u);
    free(in.data);
  }
}

TEST_F(Npy, IsWrittenAsNumpyWritesIt) {
  float data[2] = {};
  burin_tensor out = tensor(data, BURIN_F32, {2});
  ASSERT_EQ(burin::writeNpy(path().c_str(), &out, &error), BURIN_OK);
  std::string text =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  EXPECT_EQ(written(), std::string("\x93NUMPY\1\0\x76\0", 10) + text +
                           std::string(117 - text.size(), ' ') + "\n" +
                           std::string(8, '\0'));
}

TEST_F(Npy, IsNotWrittenOverAnother) {
  burin_tensor out = tensor(nullptr, BURIN_F32, {0});
  EXPECT_EQ(burin::writeNpy(path().c_str(), &out, &error), BURIN_OK);
  EXPECT_EQ(burin::writeNpy(path().c_str(), &out, &error), BURIN_FAILED);
  EXPECT_NE(std::string(error.text).find("File exists"), std::string::npos);
}

TEST_F(Npy, ReadsEachWayOfWritingRawBits) {
  for (const char *type : {"'|V2'", "'<V2'", "'<u2'"})
    EXPECT_EQ(read(file(header(type, "(1,)"), "ab"), BURIN_BF16), BURIN_OK)
        << error.text;
  for (const char *type : {"'|V1'", "'<V1'", "'|u1'"}) {
    ASSERT_EQ(read(file(header(type, "(2,)"), "\xf5\x83"), BURIN_I4), BURIN_OK)
        << error.text;
    EXPECT_EQ(memcmp(result.data, "\x05\x03", 2), 0) << "high bits are ignored";
  }
  ASSERT_EQ(read(file(header("'|V1'", "(2,)"), "\xf5\x83"), BURIN_U2),
            BURIN_OK);
  EXPECT_EQ(memcmp(result.data, "\x01\x03", 2), 0);
  ASSERT_EQ(
      read(file(header("'|b1'", "(2,)"), std::string("\x07\0", 2)), BURIN_BOOL),
      BURIN_OK);
  EXPECT_EQ(memcmp(result.data, "\x01\0", 2), 0);
}

TEST_F(Npy, ReadsHeadersAsPythonWritesThem) {
  EXPECT_EQ(read(file(header("'<i4'", "()"), "abcd"), BURIN_I32), BURIN_OK);
  EXPECT_EQ(result.rank, 0);
  EXPECT_EQ(read(file("{\"shape\": (1L, 2), \"descr\": \"<i2\", "
                      "\"fortran_order\": False}",
                      "abcd"),
                 BURIN_I16),
            BURIN_OK)
      << error.text;
  EXPECT_EQ(read(file(header("'<i4'", "(1, 3)", "True"), std::string(12, 'x')),
                 BURIN_I32),
            BURIN_OK)
      << "in Fortran order, which makes no difference here";
  std::string text = header("'<f4'", "(0, 7)");
  std::string second = std::string("\x93NUMPY\2\0", 8) + char(text.size()) +
                       std::string(3, '\0') + text;
  EXPECT_EQ(read(second, BURIN_F32), BURIN_OK) << error.text;
}

TEST_F(Npy, OfAnotherTypeIsNamedAsSuch) {
  EXPECT_EQ(read(file(header("'<f8'", "(1,)"), "abcdefgh"), BURIN_F32),
            BURIN_INVALID_ARGUMENT);
  EXPECT_EQ(error.text,
            "'" + path() + "' has elements of type f8, expects f32 as <f4");
  EXPECT_EQ(read(file(header("'<u2'", "(1,)"), "ab"), BURIN_F16),
            BURIN_INVALID_ARGUMENT);
}

TEST_F(Npy, IsRefusedWhereItMakesNoSense) {
  const std::string good = header("'<f4'", "(2, 4)"), body(32, 'x');
  ASSERT_EQ(read(file(good, body), BURIN_F32), BURIN_OK);
  const std::string bad[] = {
      "",
      "1 2 3 4\n",
      std::string("\x93NUMPX\1\0\0\0", 10),
      std::string("\x93NUMPY\x09\0\0\0", 10),
      std::string("\x93NUMPY\1\0\xff\xff{'descr'", 18),
      std::string("\x93NUMPY\2\0\xff\xff\xff\xff", 12),
      file(good, body).substr(0, 9),
      file(good, body).substr(0, 40),
      file(good, body.substr(1)),
      file(good, body + "x"),
      file("", body),
      file("{'a': 1}", body),
      file(good + "}", body),
      file(good + good, body),
      file("{'descr': '<f4', 'shape': (2, 4)", body),
      file("{'descr': '<f4', 'shape': (2, 4)}", body),
      file("{'descr': '<f4', 'descr': '<f4', 'shape': (2, 4)}", body),
      file("__import__('os').system('true')", body),
      file(header("'<f4'", "(2, 4)", "0"), body),
      file(header("'<f4'", "(2 4)"), body),
      file(header("'<f4'", "(8)"), body),
      file(header("'<f4'", "(,)"), body),
      file(header("'<f4'", "(-2, -4)"), body),
      file(header("'<f4'", "(4611686018427387904, 4)"), body),
      file(header("'<f4'", "(9223372036854775808, 2)"), body),
      file(header("'<f4'", "(" + std::string(90, '9') + ",)"), body),
      file(header("'<f4'", "(1, 1, 1, 1, 1, 1, 1, 1, 8)"), body),
      file(header("'<f4'", "(2, 4)", "True"), body),
      file(header("'>f4'", "(2, 4)"), body),
      file(header("'|O'", "(2, 4)"), body),
      file(header("'<f'", "(2, 4)"), body),
      file(header("'<'", "(2, 4)"), body),
      file(header("''", "(2, 4)"), body),
      file(header("[('a', '<f4')]", "(2, 4)"), body),
      file(header("'<f99999999999'", "(2, 4)"), body),
      file(header("'<f4\\'", "(2, 4)"), body),
      file(std::string(20000, ' '), body),
  };
  for (const std::string &content : bad) {
    EXPECT_EQ(read(content, BURIN_F32), BURIN_INCOMPATIBLE)
        << content.substr(0, 100);
    EXPECT_STRNE(error.text, "");
    EXPECT_EQ(result.data, nullptr);
  }
}

TEST_F(Npy, IsRefusedWhereItIsNoFile) {
  for (const char *file : {"/dev/zero", "/tmp", "/tmp/none/none.npy"})
    EXPECT_EQ(burin::readNpy(file, BURIN_F32, &result, &error),
              BURIN_INCOMPATIBLE);
  ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
  EXPECT_EQ(burin::readNpy(path().c_str(), BURIN_F32, &result, &error),
            BURIN_INCOMPATIBLE)
      << "and does not hang";
}

} // namespace
