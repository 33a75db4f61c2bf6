//===- ceilings.cpp - The peaks and bandwidths of this machine ------------===//
//
// Prints one JSON object: operations and bytes per second for the numbers of
// threads that are named. tools/bench measures models against them.
//
//===----------------------------------------------------------------------===//

#include "kernels.h"
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <sched.h>
#include <string>
#include <sys/mman.h>
#include <thread>

using namespace burin_measure;

namespace {
using Clock = std::chrono::steady_clock;

/// So short that some of them fall between two disturbances of a busy machine.
constexpr double roundSeconds = 0.002;
/// The best of them counts: a ceiling is what nothing disturbed.
constexpr int numRounds = 60;

constexpr size_t hugePage = size_t(2) << 20;

volatile double sink; // so that nothing is left out

/// The processors that this process may use.
std::vector<int> getCores() {
  cpu_set_t set;
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    for (int core = 0; core < CPU_SETSIZE; ++core)
      if (CPU_ISSET(core, &set))
        cores.push_back(core);
  return cores;
}

/// Seconds from the first start to the last end of `work` on all threads.
double run(int threads, const std::function<double(int)> &work) {
  std::atomic<int> waiting{threads};
  std::vector<Clock::time_point> begin(threads), end(threads);
  std::vector<double> results(threads);
  static const std::vector<int> cores = getCores();
  auto body = [&](int thread) {
    if (threads > 1 && size_t(thread) < cores.size()) {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(cores[thread], &set);
      sched_setaffinity(0, sizeof(set), &set);
    }
    --waiting;
    while (waiting > 0)
      std::this_thread::yield();
    begin[thread] = Clock::now();
    results[thread] = work(thread);
    end[thread] = Clock::now();
  };
  std::vector<std::thread> others;
  for (int thread = 0; thread < threads; ++thread)
    others.emplace_back(body, thread);
  for (std::thread &other : others)
    other.join();
  sink = results[0];
  return std::chrono::duration<double>(*std::max_element(end.begin(), end.end()) -
                                       *std::min_element(begin.begin(), begin.end()))
      .count();
}

/// The most `units` per second that any round reaches.
double getBest(int threads, double units,
               const std::function<double(int, int64_t)> &work) {
  int64_t times = 1;
  while (run(1, [&](int) { return work(0, times); }) < roundSeconds)
    times *= 2;
  double best = 0;
  for (int i = 0; i < numRounds; ++i) {
    double seconds = run(threads, [&](int thread) { return work(thread, times); });
    best = std::max(best, units * double(times) * threads / seconds);
  }
  return best;
}

/// Of reading `bytes` for each thread again and again.
double getBandwidth(int threads, size_t bytes) {
  size_t count = std::max<size_t>(bytes / 1024, 1) * 256;
  struct Free {
    void operator()(float *memory) const { free(memory); }
  };
  std::vector<std::unique_ptr<float, Free>> memory;
  for (int thread = 0; thread < threads; ++thread) {
    size_t size = (count * 4 + hugePage - 1) & ~(hugePage - 1);
    auto *one = static_cast<float *>(aligned_alloc(hugePage, size));
    if (!one)
      return 0;
    // Files, from which weights come, lie in large pieces, too: 20 GB/s become 30.
    madvise(one, size, MADV_HUGEPAGE);
    std::fill(one, one + count, 1.0f); // so that the pages are there
    memory.emplace_back(one);
  }
  return getBest(threads, double(count) * 4, [&](int thread, int64_t times) {
    double sum = 0;
    for (; times > 0; --times)
      sum += readAll(memory[thread].get(), count);
    return sum;
  });
}

/// What the kernel says of the first processor's; sysconf() may add up those of
/// all processors of the host.
size_t getCacheBytes(int level, size_t otherwise) {
  for (int index = 0; index < 8; ++index) {
    std::string folder =
        "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index);
    int here = 0;
    size_t kib = 0;
    std::ifstream(folder + "/level") >> here;
    std::ifstream(folder + "/size") >> kib; // "1024K"
    if (here == level && kib > 0)
      return kib * 1024;
  }
  return otherwise;
}

void print(int threads, size_t l2, size_t l3) {
  printf("{\"threads\": %d", threads);
  for (const Peak &peak : getPeaks())
    printf(", \"%s\": %.4g, \"%s_instruction\": \"%s\"", peak.name,
           getBest(threads, peak.operations,
                   [&](int, int64_t times) { return peak.run(times); }),
           peak.name, peak.instruction);
  // Half of a cache: the other half is the machine's. What comes from DRAM is more than
  // each thread's share of caches, which may be several: 62 GB/s of two threads were 36.
  printf(", \"l2\": %.4g, \"l3\": %.4g, \"dram\": %.4g}", getBandwidth(threads, l2 / 2),
         getBandwidth(threads, l3 / 2 / threads), getBandwidth(threads, 4 * l3));
}
} // namespace

int main(int argc, char **argv) {
  if (argc < 2 || atoi(argv[1]) < 1) {
    fputs("usage: burin-ceilings THREADS...\n"
          "Prints the peaks (operations per second) and bandwidths (bytes per "
          "second) of this machine as JSON.\n",
          stderr);
    return argc > 1 && std::string(argv[1]) == "--help" ? 0 : 2;
  }
  size_t l2 = getCacheBytes(2, size_t(1) << 20);
  size_t l3 = std::max(getCacheBytes(3, size_t(16) << 20), l2);
  printf("{\"l2_bytes\": %zu, \"l3_bytes\": %zu, \"ceilings\": [", l2, l3);
  for (int i = 1; i < argc; ++i) {
    fputs(i > 1 ? ", " : "", stdout);
    print(std::max(1, atoi(argv[i])), l2, l3);
  }
  puts("]}");
  return ferror(stdout) || fflush(stdout) ? 5 : 0;
}
