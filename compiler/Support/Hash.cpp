//===- Hash.cpp - What stands for many bytes ------------------------------===//

#include "compiler/Support/Hash.h"
#include "llvm/ADT/StringExtras.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace burin;

struct burin::Hasher::State {
  XXH3_state_t xxh;
};

Hasher::Hasher() : state(std::make_unique<State>()) {
  XXH3_128bits_reset(&state->xxh);
}

Hasher::~Hasher() = default;

void Hasher::add(llvm::StringRef bytes) {
  XXH3_128bits_update(&state->xxh, bytes.data(), bytes.size());
}

void Hasher::addText(llvm::StringRef text) {
  addNumber(text.size());
  add(text);
}

void Hasher::addNumber(uint64_t number) {
  add(llvm::StringRef(reinterpret_cast<const char *>(&number), sizeof(number)));
}

std::string Hasher::get() const {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, XXH3_128bits_digest(&state->xxh));
  return llvm::toHex(llvm::StringRef(
                         reinterpret_cast<const char *>(bytes.digest),
                         sizeof(bytes.digest)),
                     /*LowerCase=*/true);
}
