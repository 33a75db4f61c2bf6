//===- model_test.cpp - Descriptors, good and bad -------------------------===//

#include "fake.h"
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace {

int32_t doNothing(burin_call *) { return BURIN_OK; }

void makeGood(fake::Model &model) {
  model.entry("main", {model.tensor("x", BURIN_F32, {"batch", 4})},
              {model.tensor("y", BURIN_F32, {"batch", 4})}, doNothing);
  model.entry("other", {}, {}, doNothing);
  model.state(model.tensor("cache", BURIN_F16, {1, 8, 2}), 1);
}

TEST(ModelWrap, TakesAGoodDescriptor) {
  fake::Model good;
  makeGood(good);
  burin_model *model = nullptr;
  burin_error error = {};
  ASSERT_EQ(burin_model_wrap(good.get(), nullptr, &model, &error), BURIN_OK)
      << error.text;
  EXPECT_EQ(burin_model_describe(model), good.get());
  int32_t entry = -1;
  EXPECT_EQ(burin_model_find_entry(model, "other", &entry), BURIN_OK);
  EXPECT_EQ(entry, 1);
  EXPECT_EQ(burin_model_find_entry(model, nullptr, &entry), BURIN_OK);
  EXPECT_EQ(entry, 0);
  EXPECT_EQ(burin_model_find_entry(model, "x", &entry), BURIN_INVALID_ARGUMENT);
  burin_model_close(model);
}

struct Damage {
  const char *what;
  std::function<void(fake::Model &, burin_model_desc &)> apply;
};

TEST(ModelWrap, RefusesEveryDamagedDescriptor) {
  static const burin_dim wild[] = {{-2, nullptr}};
  const Damage damages[] = {
      {"magic", [](auto &, auto &d) { d.magic ^= 1; }},
      {"version", [](auto &, auto &d) { d.abi_version += 1; }},
      {"name", [](auto &, auto &d) { d.name = nullptr; }},
      {"cpu", [](auto &, auto &d) { d.cpu = nullptr; }},
      {"no entry", [](auto &, auto &d) { d.num_entries = 0; }},
      {"negative count", [](auto &, auto &d) { d.num_states = -1; }},
      {"huge count", [](auto &, auto &d) { d.num_weights = INT32_MAX; }},
      {"no entries", [](auto &, auto &d) { d.entries = nullptr; }},
      {"no code", [](auto &m, auto &) { m.entries[0].run = nullptr; }},
      {"no inputs", [](auto &m, auto &) { m.entries[0].inputs = nullptr; }},
      {"arena", [](auto &m, auto &) { m.entries[0].arena_bytes = ~0ull; }},
      {"rank",
       [](auto &m, auto &) {
         const_cast<burin_tensor_desc *>(m.entries[0].inputs)->rank = 9;
       }},
      {"dtype",
       [](auto &m, auto &) {
         const_cast<burin_tensor_desc *>(m.entries[0].outputs)->dtype = 23;
       }},
      {"dimension",
       [](auto &m, auto &) {
         auto *x = const_cast<burin_tensor_desc *>(m.entries[0].inputs);
         x->dims = wild;
         x->rank = 1;
       }},
      {"axis", [](auto &m, auto &) { m.states[0].axis = 3; }},
      {"capacity", [](auto &m, auto &) { m.states[0].capacity = 9; }},
  };
  for (const Damage &damage : damages) {
    fake::Model model;
    makeGood(model);
    burin_model_desc *desc = model.get();
    damage.apply(model, *desc);
    auto *out = reinterpret_cast<burin_model *>(1);
    burin_error error = {};
    EXPECT_EQ(burin_model_wrap(desc, nullptr, &out, &error), BURIN_INCOMPATIBLE)
        << damage.what;
    EXPECT_STRNE(error.text, "") << damage.what;
    EXPECT_EQ(out, reinterpret_cast<burin_model *>(1)) << damage.what;
  }
}

TEST(ModelWrap, SaysWhichProcessorAnArtifactNeeds) {
  fake::Model model;
  makeGood(model);
  model.get()->cpu_level = 5;
  model.get()->cpu = "x86-64-v5";
  burin_model *out = nullptr;
  burin_error error = {};
  EXPECT_EQ(burin_model_wrap(model.get(), nullptr, &out, &error),
            BURIN_INCOMPATIBLE);
  EXPECT_NE(std::string(error.text).find("compiled for x86-64-v5"),
            std::string::npos)
      << error.text;
}

TEST(ModelWrap, SaysWhichFeatureIsMissing) {
  fake::Model model;
  makeGood(model);
  model.get()->cpu = "future";
  model.get()->cpu_features = "imaginary,alsonot";
  burin_model *out = nullptr;
  burin_error error = {};
  EXPECT_EQ(burin_model_wrap(model.get(), nullptr, &out, &error),
            BURIN_INCOMPATIBLE);
  EXPECT_NE(std::string(error.text).find(
                "compiled for future, which needs imaginary; this CPU does not "
                "have it: compile the model with --cpu="),
            std::string::npos)
      << error.text;
}

/// Descriptors for three processors; machines have the second and the third.
class Levels : public testing::Test {
protected:
  void SetUp() override {
    makeGood(model);
    const char *names[] = {"best", "good", "plain"};
    const char *features[] = {"imaginary", nullptr, ""};
    for (int i = 0; i < 3; ++i) {
      levels[i] = *model.get();
      levels[i].cpu = names[i];
      levels[i].cpu_features = features[i];
      levels[i].levels = pointers;
      levels[i].num_levels = 3;
      pointers[i] = &levels[i];
    }
  }
  void TearDown() override { burin_model_close(out); }

  fake::Model model;
  burin_model_desc levels[3];
  const burin_model_desc *pointers[3];
  burin_model *out = nullptr;
  burin_error error = {};
};

TEST_F(Levels, TheBestThatThereIsRuns) {
  ASSERT_EQ(burin_model_wrap(&levels[0], nullptr, &out, &error), BURIN_OK)
      << error.text;
  EXPECT_EQ(burin_model_describe(out), &levels[1]);
  EXPECT_EQ(burin_model_choose(out, "plain", &error), BURIN_OK);
  EXPECT_EQ(burin_model_describe(out), &levels[2]);
  EXPECT_EQ(burin_model_choose(out, "best", &error), BURIN_INCOMPATIBLE);
  EXPECT_EQ(burin_model_choose(out, "none", &error), BURIN_INVALID_ARGUMENT);
  EXPECT_EQ(burin_model_describe(out), &levels[2]);
}

TEST_F(Levels, OneOfThemMustRun) {
  levels[1].cpu_features = levels[2].cpu_features = "imaginary";
  EXPECT_EQ(burin_model_wrap(&levels[0], nullptr, &out, &error),
            BURIN_INCOMPATIBLE);
  EXPECT_NE(std::string(error.text).find("plain"), std::string::npos);
}

TEST_F(Levels, AllMustBeOfOneModel) {
  levels[2].num_states = 0;
  EXPECT_EQ(burin_model_wrap(&levels[0], nullptr, &out, &error),
            BURIN_INCOMPATIBLE);
  pointers[2] = nullptr;
  EXPECT_EQ(burin_model_wrap(&levels[0], nullptr, &out, &error),
            BURIN_INCOMPATIBLE);
}

TEST(ModelWrap, TakesNullForErrorsButNotForTheRest) {
  burin_model *out = nullptr;
  EXPECT_EQ(burin_model_wrap(nullptr, nullptr, &out, nullptr),
            BURIN_INVALID_ARGUMENT);
  fake::Model model;
  EXPECT_EQ(burin_model_wrap(model.get(), nullptr, &out, nullptr),
            BURIN_INCOMPATIBLE);
  burin_model_close(nullptr);
  burin_session_close(nullptr);
}

/// A folder with a file of weights.
class ExternalWeights : public testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/burin-weights-XXXXXX";
    folder = mkdtemp(name);
    content = std::string(1000, 'w');
    write(content);
  }
  void TearDown() override {
    unlink((folder + "/w.bin").c_str());
    rmdir(folder.c_str());
  }
  void write(const std::string &text) {
    std::ofstream(folder + "/w.bin", std::ios::binary) << text;
  }
  burin_status wrap(const char *file, uint64_t hash) {
    fake::Model model;
    makeGood(model);
    model.weight({nullptr, file, content.size(), hash});
    burin_model *out = nullptr;
    burin_status status =
        burin_model_wrap(model.get(), folder.c_str(), &out, &error);
    burin_model_close(out);
    return status;
  }
  uint64_t hashOf(const std::string &text) {
    return XXH3_64bits(text.data(), text.size());
  }

  std::string folder, content;
  burin_error error = {};
};

TEST_F(ExternalWeights, AreMappedWhereSizeAndHashAgree) {
  EXPECT_EQ(wrap("w.bin", hashOf(content)), BURIN_OK) << error.text;
}

TEST_F(ExternalWeights, AreRefusedWhereTheyDiffer) {
  EXPECT_EQ(wrap("w.bin", 1), BURIN_INCOMPATIBLE);
  write(content.substr(1));
  EXPECT_EQ(wrap("w.bin", hashOf(content)), BURIN_INCOMPATIBLE);
  EXPECT_NE(std::string(error.text).find("has 999 bytes"), std::string::npos)
      << error.text;
}

TEST_F(ExternalWeights, LieBesideTheArtifactAndNowhereElse) {
  for (const char *file : {"", ".", "..", "../w.bin", "/etc/passwd", "a/b"})
    EXPECT_EQ(wrap(file, 0), BURIN_INCOMPATIBLE) << file;
  EXPECT_EQ(wrap("none.bin", 0), BURIN_INCOMPATIBLE);
}

} // namespace
