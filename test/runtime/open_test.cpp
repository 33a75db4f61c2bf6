//===- open_test.cpp - Files that are artifacts, and files that are not ---===//

#include "fake.h"
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

std::string readArtifact() {
  std::ifstream file(FAKE_ARTIFACT, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// A folder for files that a test writes.
class ModelOpen : public testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/burin-open-XXXXXX";
    folder = mkdtemp(name);
  }
  void TearDown() override {
    unlink(path().c_str());
    rmdir(folder.c_str());
  }
  std::string path() const { return folder + "/model.so"; }

  /// Of a file with this content.
  burin_status open(const std::string &content) {
    unlink(path().c_str());
    std::ofstream(path(), std::ios::binary) << content;
    return openFile(path());
  }
  burin_status openFile(const std::string &file) {
    burin_model *model = nullptr;
    error.text[0] = '\0';
    burin_status status = burin_model_open(file.c_str(), &model, &error);
    burin_model_close(model);
    return status;
  }

  std::string folder;
  burin_error error = {};
};

TEST_F(ModelOpen, LoadsAndRunsAnArtifact) {
  burin_model *model = nullptr;
  burin_session *session = nullptr;
  ASSERT_EQ(burin_model_open(FAKE_ARTIFACT, &model, &error), BURIN_OK)
      << error.text;
  ASSERT_EQ(burin_session_create(model, 2, &session, &error), BURIN_OK);
  float x[8] = {10, 20, 30, 40, 50, 60, 70, 80};
  burin_tensor in = fake::tensor(x, BURIN_F32, {2, 4});
  burin_tensor out = {};
  ASSERT_EQ(burin_session_run(session, 0, &in, 1, &out, 1, &error), BURIN_OK)
      << error.text;
  auto *y = static_cast<float *>(out.data);
  EXPECT_EQ(y[0], 11);
  EXPECT_EQ(y[7], 84);
  burin_session_close(session);
  burin_model_close(model);
}

TEST_F(ModelOpen, RefusesWhatIsNoFile) {
  for (const char *file : {"/tmp/none/none.so", "/tmp", "/dev/zero", ""})
    EXPECT_EQ(openFile(file), BURIN_INCOMPATIBLE) << file;
  ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
  EXPECT_EQ(openFile(path()), BURIN_INCOMPATIBLE) << "and does not hang";
}

TEST_F(ModelOpen, RefusesOtherFiles) {
  for (const char *content : {"", "no artifact\n", "\x7f",
                              "\x7f"
                              "ELF"})
    EXPECT_EQ(open(content), BURIN_INCOMPATIBLE);
  EXPECT_EQ(open(std::string(4096, '\0')), BURIN_INCOMPATIBLE);
}

TEST_F(ModelOpen, RefusesProgramsAndForeignLibrariesUnloaded) {
  EXPECT_EQ(openFile("/bin/true"), BURIN_INCOMPATIBLE);
  EXPECT_EQ(openFile(FOREIGN_LIBRARY), BURIN_INCOMPATIBLE);
  EXPECT_EQ(getenv("BURIN_FOREIGN_CODE_RAN"), nullptr);
}

TEST_F(ModelOpen, RefusesAnArtifactCutAnywhere) {
  std::string good = readArtifact();
  ASSERT_EQ(open(good), BURIN_OK) << error.text;
  size_t step = good.size() / 97;
  for (size_t size = 0; size < good.size(); size += step) {
    EXPECT_EQ(open(good.substr(0, size)), BURIN_INCOMPATIBLE) << size;
    EXPECT_STRNE(error.text, "");
  }
  EXPECT_EQ(open(good.substr(0, good.size() - 1)), BURIN_INCOMPATIBLE);
}

TEST_F(ModelOpen, ChecksEveryHeaderBeforeTheLoaderSeesIt) {
  std::string good = readArtifact();
  // Offsets, sizes and counts of the ELF header, made huge one after the other:
  // e_phoff, e_shoff, e_phentsize, e_phnum, e_shentsize, e_shnum.
  for (size_t offset : {32u, 40u, 54u, 56u, 58u, 60u}) {
    std::string bad = good;
    bad[offset + 1] = '\xff';
    EXPECT_EQ(open(bad), BURIN_INCOMPATIBLE) << offset;
  }
  // p_offset and p_filesz of the first segment, which is loaded.
  for (size_t offset : {64u + 8u, 64u + 32u}) {
    std::string bad = good;
    bad[offset + 6] = '\x7f';
    EXPECT_EQ(open(bad), BURIN_INCOMPATIBLE) << offset;
  }
}

} // namespace
