//===- main.cpp - A C++ program that loads a model ------------------------===//
//
// Reads handwritten digits with an artifact, all of them at once, and prints
// which were taken for what.
//
//   embed-cpp MODEL.so IMAGES.npy LABELS.npy
//
//===----------------------------------------------------------------------===//

#include "burin/burin.hpp"
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

namespace {

constexpr size_t pixels = 8 * 8, classes = 10;

int complain(const std::string &text) {
  fprintf(stderr, "embed-cpp: error: %s\n", text.c_str());
  return 1;
}

/// The data of a .npy file, without the header, whose length is at byte 8.
template <typename T>
std::vector<T> readNpy(const char *path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.size() < 10)
    return {};
  size_t header = 10 + static_cast<unsigned char>(bytes[8]) +
                  256 * static_cast<unsigned char>(bytes[9]);
  std::vector<T> data((bytes.size() - std::min(bytes.size(), header)) /
                      sizeof(T));
  memcpy(data.data(), bytes.data() + bytes.size() - data.size() * sizeof(T),
         data.size() * sizeof(T));
  return data;
}

/// How often each digit (rows) was taken for each (columns).
void printConfusion(
    const std::array<std::array<int, classes>, classes> &table) {
  for (size_t digit = 0; digit < classes; ++digit) {
    printf("%zu taken for", digit);
    for (size_t taken = 0; taken < classes; ++taken)
      if (table[digit][taken])
        printf("  %zu: %d", taken, table[digit][taken]);
    printf("\n");
  }
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 4)
    return complain("usage: embed-cpp MODEL.so IMAGES.npy LABELS.npy");
  auto images = readNpy<float>(argv[2]);
  auto labels = readNpy<unsigned char>(argv[3]);
  if (labels.empty() || images.size() != labels.size() * pixels)
    return complain("the images and their labels do not fit");

  auto model = burin::Model::open(argv[1]);
  if (!model)
    return complain(model.status().text());
  auto session = burin::Session::create(*model);
  if (!session)
    return complain(session.status().text());
  std::vector<burin_tensor> outputs;
  burin::Status status = session->run(
      0, {burin::makeTensor(images.data(), {int64_t(labels.size()), 1, 8, 8})},
      outputs);
  if (!status.isOk())
    return complain(status.text());

  std::array<std::array<int, classes>, classes> table{};
  burin::View<const float> scores(outputs[0]);
  size_t right = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const float *first = scores.data() + i * classes;
    size_t taken = size_t(std::max_element(first, first + classes) - first);
    ++table[labels[i] % classes][taken];
    right += taken == labels[i];
  }
  printConfusion(table);
  printf("%zu of %zu digits are right\n", right, labels.size());
  return right >= 590 ? 0 : 1; // ONNX Runtime gets 593 of 597.
}
