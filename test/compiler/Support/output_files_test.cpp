//===- output_files_test.cpp - Files appear whole or not at all -----------===//

#include "compiler/Support/OutputFiles.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/resource.h>

using namespace burin;

namespace {

class OutputFilesTest : public testing::Test {
protected:
  void SetUp() override {
    llvm::sys::fs::createUniqueDirectory("output", folder);
    path = (folder + "/model.so").str();
  }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }

  llvm::SmallString<128> folder;
  std::string path, temporary;
};

TEST_F(OutputFilesTest, AppearWhenCommitted) {
  OutputFiles files;
  ASSERT_TRUE(files.add(path, temporary).isOk());
  EXPECT_FALSE(llvm::sys::fs::exists(path));
  EXPECT_TRUE(llvm::sys::fs::exists(temporary));
  ASSERT_TRUE(files.commit().isOk());
  EXPECT_TRUE(llvm::sys::fs::exists(path));
  EXPECT_FALSE(llvm::sys::fs::exists(temporary));
}

TEST_F(OutputFilesTest, VanishOtherwise) {
  {
    OutputFiles files;
    ASSERT_TRUE(files.add(path, temporary).isOk());
  }
  EXPECT_FALSE(llvm::sys::fs::exists(temporary));
}

TEST_F(OutputFilesTest, ReplaceWhatWasThere) {
  std::ofstream(path) << "old";
  OutputFiles files;
  ASSERT_TRUE(files.add(path, temporary).isOk());
  std::ofstream(temporary) << "newer";
  ASSERT_TRUE(files.commit().isOk());
  uint64_t size;
  ASSERT_FALSE(llvm::sys::fs::file_size(path, size));
  EXPECT_EQ(size, 5u);
}

TEST_F(OutputFilesTest, SayWhatTheDiskSays) {
  auto write = [](llvm::raw_ostream &os) { os.write_zeros(100'000); };
  std::string file = (folder + "/file").str();
  signal(SIGXFSZ, SIG_IGN);
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit limit = {4096, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  OutputFiles files;
  Status first = writeFile(file, write), second = files.write(path, write);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(first.getCode(), ExitCode::Machine);
  EXPECT_EQ(first.getText(), file + ": File too large");
  EXPECT_EQ(second.getCode(), ExitCode::Machine);
  EXPECT_EQ(second.getText(), "output '" + path + "' cannot be written: File too large");
  EXPECT_TRUE(writeFile(file, write).isOk());
}

TEST_F(OutputFilesTest, NeverReplaceAFolderOrADevice) {
  EXPECT_EQ(OutputFiles::check(folder).getCode(), ExitCode::Usage);
  EXPECT_EQ(OutputFiles::check("/dev/null").getCode(), ExitCode::Usage);
  EXPECT_EQ(OutputFiles::check((folder + "/no/m.so").str()).getCode(),
            ExitCode::Machine);
}

} // namespace
