//===- cache_test.cpp -----------------------------------------------------===//

#include "compiler/Driver/Cache.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include <fstream>
#include <gtest/gtest.h>
#include <thread>

using namespace burin;
namespace fs = llvm::sys::fs;

namespace {

class CacheTest : public testing::Test {
protected:
  void SetUp() override {
    fs::createUniqueDirectory("cache", home);
    fs::create_directory(home + "/out");
  }
  void TearDown() override {
    fs::setPermissions(home + "/kept", fs::all_all);
    fs::remove_directories(home);
  }

  std::string out(llvm::StringRef name) { return (home + "/out/" + name).str(); }

  /// Stores files {name, text} under `key`, the first of them the output.
  void store(Cache &cache, llvm::StringRef key,
             std::vector<std::pair<std::string, std::string>> files) {
    OutputFiles outputs;
    for (auto &[name, text] : files) {
      std::string temporary;
      ASSERT_TRUE(outputs.add(out(name), temporary).isOk());
      std::ofstream(temporary, std::ios::binary) << text;
    }
    cache.store(key, out(files.front().first), outputs, "notes on " + key.str());
  }
  /// The text of file `name` after output `output` was loaded, or "".
  std::string load(Cache &cache, llvm::StringRef key, llvm::StringRef output,
                   llvm::StringRef name) {
    OutputFiles outputs;
    std::string notes;
    bool isHit = cache.load(key, out(output), outputs, notes);
    EXPECT_TRUE(!isHit || notes == "notes on " + key.str()) << notes;
    EXPECT_EQ(outputs.commit().isOk(), true);
    auto text = llvm::MemoryBuffer::getFile(out(name));
    std::string result = isHit && text ? (*text)->getBuffer().str() : "";
    fs::remove(out(name));
    fs::remove(out(output));
    return result;
  }
  std::string entry(llvm::StringRef key) {
    return (home + "/kept/" + key + ".entry").str();
  }

  llvm::SmallString<128> home;
};

TEST_F(CacheTest, KeepsFiles) {
  Cache cache((home + "/kept").str());
  EXPECT_EQ(load(cache, "k", "m.so", "m.so"), "");
  store(cache, "k", {{"m.so", "code"}});
  EXPECT_EQ(load(cache, "k", "m.so", "m.so"), "code");
  EXPECT_EQ(load(cache, "k", "other.so", "other.so"), "code");
  EXPECT_EQ(load(cache, "other", "m.so", "m.so"), "");
}

TEST_F(CacheTest, FilesThatNameEachOtherKeepTheirNames) {
  Cache cache((home + "/kept").str());
  store(cache, "k", {{"m.so", "code"}, {"m.so.weights", "numbers"}});
  EXPECT_EQ(load(cache, "k", "m.so", "m.so.weights"), "numbers");
  EXPECT_EQ(load(cache, "k", "n.so", "n.so.weights"), "");
  store(cache, "l", {{"m.a", "code"}, {"m.h", "header"}});
  EXPECT_EQ(load(cache, "l", "m.a", "m.h"), "header");
}

TEST_F(CacheTest, PermissionsReturn) {
  Cache cache((home + "/kept").str());
  OutputFiles outputs;
  std::string temporary;
  ASSERT_TRUE(outputs.add(out("program"), temporary).isOk());
  fs::setPermissions(temporary, fs::all_all);
  std::ofstream(temporary) << "code";
  cache.store("k", out("program"), outputs, "");
  OutputFiles again;
  std::string notes = "of before";
  ASSERT_TRUE(cache.load("k", out("program"), again, notes));
  EXPECT_EQ(notes, "");
  ASSERT_TRUE(again.commit().isOk());
  EXPECT_EQ(*fs::getPermissions(out("program")), fs::all_all);
}

TEST_F(CacheTest, DamageIsSeen) {
  Cache cache((home + "/kept").str());
  for (int kind = 0; kind < 4; ++kind) {
    store(cache, "k", {{"m.so", "code that is a little longer"}});
    std::string bytes =
        (*llvm::MemoryBuffer::getFile(entry("k")))->getBuffer().str();
    if (kind == 0)
      bytes[bytes.size() / 2] ^= 1; // in what the file says
    if (kind == 1)
      bytes.resize(bytes.size() - 1);
    if (kind == 2)
      bytes = "";
    if (kind == 3)
      bytes[bytes.find("\n\n") - 1] ^= 1; // in what the entry says
    std::ofstream(entry("k"), std::ios::binary) << bytes;
    EXPECT_EQ(load(cache, "k", "m.so", "m.so"), "") << kind;
    EXPECT_FALSE(kind != 3 && kind != 0 && fs::exists(out("m.so"))) << kind;
    EXPECT_FALSE(fs::exists(entry("k"))) << kind;
  }
}

TEST_F(CacheTest, TheOldestGo) {
  Cache cache((home + "/kept").str(), /*limit=*/10000);
  std::string text(2000, 'x');
  for (char key : {'a', 'b', 'c', 'd'}) {
    store(cache, std::string(1, key), {{"m.so", text}});
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(load(cache, "a", "m.so", "m.so"), text); // Used again.
  store(cache, "e", {{"m.so", text}});
  EXPECT_TRUE(fs::exists(entry("a")));
  EXPECT_FALSE(fs::exists(entry("b")));
  EXPECT_TRUE(fs::exists(entry("e")));
  // One that would take too much of it is not kept.
  store(cache, "f", {{"m.so", std::string(3000, 'x')}});
  EXPECT_FALSE(fs::exists(entry("f")));
}

TEST_F(CacheTest, NoFolderIsNoError) {
  std::ofstream((home + "/kept").str()) << "a file";
  Cache cache((home + "/kept").str());
  store(cache, "k", {{"m.so", "code"}});
  EXPECT_EQ(load(cache, "k", "m.so", "m.so"), "");
}

TEST_F(CacheTest, ManyAtOnce) {
  std::vector<std::thread> threads;
  std::string text(100000, 'x');
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      Cache cache((home + "/kept").str(), /*limit=*/500000);
      std::string name = "m" + std::to_string(i) + ".so";
      for (int k = 0; k < 20; ++k) {
        std::string key = std::to_string(k % 7);
        store(cache, key, {{name, text + key}});
        std::string found = load(cache, key, name, name);
        EXPECT_TRUE(found == "" || found == text + key);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}
} // namespace
