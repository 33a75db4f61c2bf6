//===- cli_test.cpp - burin-run as a user meets it ------------------------===//

#include "npy.h"
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <sched.h>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

/// Runs commands in a folder of its own, where x.npy fits the input of the
/// artifact, f32[batch,4], whose output "out/y\n" is x + [1, 2, 3, 4].
class BurinRun : public testing::Test {
protected:
  void SetUp() override {
    char name[] = "/tmp/burin-cli-XXXXXX";
    folder = mkdtemp(name);
    float x[8] = {0, 0, 0, 0, 10, 10, 10, 10};
    float y[8] = {1, 2, 3, 4, 11, 12, 13, 14};
    write("x.npy", x);
    write("y.npy", y);
    y[5] += 1;
    write("z.npy", y);
  }
  void TearDown() override {
    ASSERT_EQ(system(("rm -r '" + folder + "'").c_str()), 0);
  }

  void write(const char *file, float *data) {
    burin_tensor tensor = {data, BURIN_F32, 2, {2, 4}};
    burin_error error = {};
    std::string path = folder + "/" + file;
    ASSERT_EQ(burin::writeNpy(path.c_str(), &tensor, &error), BURIN_OK)
        << error.text;
  }
  std::string slurp(const char *file) {
    std::ifstream stream(folder + "/" + file);
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
  }

  /// Returns the exit code; `out` and `err` have what was printed.
  int run(const std::string &arguments, const char *artifact = FAKE_ARTIFACT) {
    std::string command = "cd '" + folder + "' && '" BURIN_RUN "' " + artifact +
                          " " + arguments + " >stdout 2>stderr </dev/null";
    int status = system(command.c_str());
    out = slurp("stdout");
    err = slurp("stderr");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  bool exists(const char *file) {
    return access((folder + "/" + file).c_str(), F_OK) == 0;
  }

  std::string folder, out, err;
};

#define EXPECT_HAS(text, part)                                                 \
  EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(BurinRun, WritesWhatTheModelMakes) {
  ASSERT_EQ(run("--input x=x.npy --output-dir a/b"), 0) << err;
  EXPECT_EQ(slurp("a/b/out%2Fy%0A.npy"), slurp("y.npy"));
  EXPECT_HAS(out, "out/y\\x0a: f32[2,4] 1 2 3 4 11 12 ...");
  EXPECT_EQ(err, "");
}

TEST_F(BurinRun, TellsWhatIsExpectedFromWhatIsNot) {
  EXPECT_EQ(run("--input x=x.npy --expect out%2Fy%0A=y.npy"), 0) << err;
  EXPECT_HAS(out, "as expected");
  EXPECT_EQ(run("--input x=x.npy --expect out%2Fy%0A=z.npy --json"), 1);
  EXPECT_HAS(err, "1 of 8 elements differ, the first is number 5: 12");
  EXPECT_HAS(out, "\"ok\": false, \"max_abs\": 1, ");
  EXPECT_EQ(run("--input x=x.npy --expect out%2Fy%0A=z.npy --atol 1"), 0);
}

TEST_F(BurinRun, PrintsOneObjectOfJson) {
  ASSERT_EQ(run("--fill ones --dim batch=3 --repeat 5 --warmup 1 --threads 2 "
                "--json"),
            0)
      << err;
  EXPECT_EQ(out.front(), '{');
  EXPECT_EQ(out.find('\n'), out.size() - 1);
  for (const char *part :
       {"\"model\": \"fake\", \"entry\": \"main\", \"cpu\": \"any\", "
        "\"threads\": 2, \"repeat\": 5, \"latency_ms\": {\"min\": ",
        "\"arena_bytes\": 0, \"dynamic_bytes\": 48, \"weights_bytes\": 16384, "
        "\"peak_rss_bytes\": ",
        "\"inputs\": [{\"name\": \"x\", \"dtype\": \"f32\", \"shape\": [3, "
        "4]}]",
        "\"outputs\": [{\"name\": \"out/y\\u000a\", ", "\"expect\": []}"})
    EXPECT_HAS(out, part);
}

TEST_F(BurinRun, RunsSeveralStreamsAtOnce) {
  cpu_set_t all, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
  CPU_ZERO(&one);
  CPU_SET(size_t(sched_getcpu()), &one);
  for (const cpu_set_t &cores : {all, one}) { // More streams than cores, too.
    ASSERT_EQ(sched_setaffinity(0, sizeof(cores), &cores), 0);
    EXPECT_EQ(run("--input x=x.npy --expect out%2Fy%0A=y.npy --repeat 50 "
                  "--warmup 1 --threads 2 --streams 3 --json"),
              0)
        << err;
    for (const char *part : {"\"threads\": 2, \"repeat\": 50, ",
                             "\"streams\": 3, \"runs_per_second\": ",
                             "\"dynamic_bytes\": 32, ", "\"ok\": true"})
      EXPECT_HAS(out, part);
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof(all), &all), 0);
  ASSERT_EQ(run("--input x=x.npy --repeat 7 --threads 1 --streams 2"), 0);
  EXPECT_HAS(out, " ms (median of 14; min ");
  EXPECT_HAS(out, ", 1 thread in each of 2 streams: ");
}

TEST_F(BurinRun, SaysOnceWhatKeepsItsStreamsFromRunning) {
  EXPECT_EQ(run("--fill ones --dim batch=4000000000000000 --streams 3"), 5);
  EXPECT_EQ(run("--input x=x.npy --expect out%2Fy%0A=z.npy --streams 3"), 1);
  EXPECT_EQ(err.find('\n'), err.size() - 1) << err;
}

TEST_F(BurinRun, Describes) {
  ASSERT_EQ(run("--describe"), 0);
  EXPECT_HAS(out, "  input  x: f32[batch,4]\n");
  EXPECT_HAS(out, "weights 16.0 KiB\n");
  ASSERT_EQ(run("--describe --json"), 0);
  EXPECT_HAS(out, "\"shape\": [\"batch\", 4]");
}

TEST_F(BurinRun, TeachesItsUse) {
  ASSERT_EQ(run("--help", ""), 0);
  EXPECT_HAS(out, "Examples");
  ASSERT_EQ(run("--version", ""), 0);
  EXPECT_HAS(out, "burin-run ");
}

TEST_F(BurinRun, RefusesWrongUsageWithCode2) {
  for (const char *arguments : {"",
                                "--input x=x.npy --frobnicate",
                                "more --input x=x.npy",
                                "--input x.npy",
                                "--input =x.npy",
                                "--input x=",
                                "--input y=x.npy",
                                "--input x=x.npy --input x=x.npy",
                                "--expect y=y.npy --fill ones",
                                "--fill",
                                "--fill twos",
                                "--fill ones --dim n=3",
                                "--fill ones --dim batch",
                                "--fill ones --dim batch=-1",
                                "--input x=x.npy --dim batch=3",
                                "--fill ones --entry none",
                                "--fill ones --threads 0",
                                "--fill ones --threads 99999999999",
                                "--fill ones --streams 0",
                                "--fill ones --streams 2 --trace t.json",
                                "--fill ones --repeat 0",
                                "--fill ones --repeat 1x",
                                "--fill ones --seed -1",
                                "--fill ones --rtol nan",
                                "--fill ones --profile-out p"}) {
    EXPECT_EQ(run(arguments), 2) << arguments;
    EXPECT_HAS(err, "burin-run: error: ");
    EXPECT_EQ(out, "");
  }
}

TEST_F(BurinRun, TellsWhenKernelsRan) {
  ASSERT_EQ(run("--input x=x.npy --repeat 2 --warmup 1 --trace t.json"), 0) << err;
  std::string text = slurp("t.json");
  EXPECT_HAS(text, "\"traceEvents\"");
  EXPECT_HAS(text, "\"name\": \"main\", \"cat\": \"run\"");
  size_t kernels = 0;
  for (size_t at = 0; (at = text.find("\"kernel\": 0", at)) != std::string::npos; ++at)
    ++kernels;
  EXPECT_EQ(kernels, 2u);
  EXPECT_EQ(run("--input x=x.npy --trace none/t.json"), 5);
  EXPECT_HAS(err, "cannot write 'none/t.json'");
}

TEST_F(BurinRun, LeavesNothingBehindWhereItFails) {
  EXPECT_EQ(run("--input x=none.npy --output-dir d"), 3);
  EXPECT_EQ(run("--input x=/dev/zero --output-dir d"), 3);
  EXPECT_EQ(run("--fill ones --output-dir d", "/dev/null"), 3);
  EXPECT_EQ(run("--fill ones --output-dir d", "x.npy"), 3);
  EXPECT_EQ(run("--fill ones --dim batch=4000000000000000 --output-dir d"), 5);
  EXPECT_FALSE(exists("d"));
  EXPECT_EQ(run("--fill ones --output-dir x.npy"), 5);
  EXPECT_EQ(run("--fill ones --output-dir /proc/none"), 5);
  // A folder is where the output should be: it cannot be written.
  ASSERT_EQ(mkdir((folder + "/d").c_str(), 0700), 0);
  ASSERT_EQ(mkdir((folder + "/d/out%2Fy%0A.npy").c_str(), 0700), 0);
  EXPECT_EQ(run("--fill ones --output-dir d"), 5);
  EXPECT_EQ(rmdir((folder + "/d/out%2Fy%0A.npy").c_str()), 0);
  EXPECT_EQ(rmdir((folder + "/d").c_str()), 0) << "nothing else is in there";
}

TEST_F(BurinRun, NoticesThatItsOutputIsLost) {
  std::string command =
      "'" BURIN_RUN "' " FAKE_ARTIFACT " --fill ones >/dev/full 2>/dev/null";
  EXPECT_EQ(WEXITSTATUS(system(command.c_str())), 5);
}

} // namespace
