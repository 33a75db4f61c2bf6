//===- weights.cpp - Where the constants of a model lie -------------------===//

#include "error.h"
#include "model.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// Scalar and out of line: this runs once per model, over little.
#define XXH_INLINE_ALL
#define XXH_VECTOR 0
#define XXH_NO_INLINE_HINTS 1
#include <xxhash.h>

using namespace burin;

/// Larger files are mapped without reading them, so only their size is checked;
/// hashing half a gigabyte would take longer than the first run.
static constexpr uint64_t maxHashedBytes = uint64_t(1) << 20;

/// What a section of no bytes points at.
alignas(64) static const unsigned char nothing[64] = {};

/// `place` describes the file in messages.
static burin_status mapFile(int fd, const burin_weights_desc &section,
                            const unsigned char **out, const char *place,
                            burin_error *error) {
  struct stat about;
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
    return fail(error, BURIN_INCOMPATIBLE, "weights %s: not a regular file",
                place);
  if (uint64_t(about.st_size) != section.bytes)
    return fail(error, BURIN_INCOMPATIBLE,
                "weights %s: has %lld bytes, the artifact expects %llu", place,
                static_cast<long long>(about.st_size),
                static_cast<unsigned long long>(section.bytes));
  if (section.bytes == 0)
    return BURIN_OK;
  void *data = mmap(nullptr, section.bytes, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED)
    return fail(error, BURIN_OUT_OF_MEMORY, "cannot map weights %s: %s", place,
                strerror(errno));
  if (section.bytes < maxHashedBytes &&
      XXH3_64bits(data, section.bytes) != section.hash) {
    munmap(data, section.bytes);
    return fail(error, BURIN_INCOMPATIBLE,
                "weights %s: not the ones that the artifact was made with",
                place);
  }
  *out = static_cast<const unsigned char *>(data);
  return BURIN_OK;
}

static burin_status mapExternal(const burin_weights_desc &section,
                                const char *folder, const unsigned char **out,
                                burin_error *error) {
  burin_error place;
  if (!folder)
    return fail(error, BURIN_INVALID_ARGUMENT,
                "weights lie in '%s', and no folder was given", section.file);
  fail(&place, BURIN_OK, "'%s/%s'", folder, section.file);
  int beside = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int fd = beside < 0 ? -1
                      : openat(beside, section.file,
                               O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  int code = errno;
  if (beside >= 0)
    close(beside);
  if (fd < 0)
    return fail(error, BURIN_INCOMPATIBLE, "cannot open weights %s: %s",
                place.text, strerror(code));
  burin_status status = mapFile(fd, section, out, place.text, error);
  close(fd);
  return status;
}

burin_status burin::mapWeights(burin_model &model, const char *folder,
                               burin_error *error) {
  for (int32_t i = 0; i < model.desc->num_weights; ++i) {
    const burin_weights_desc &section = model.desc->weights[i];
    const unsigned char *&data = model.sections[i];
    model.weightsBytes += section.bytes;
    data = section.bytes ? section.data : nothing;
    if (section.file)
      if (burin_status status = mapExternal(section, folder, &data, error))
        return status;
  }
  return BURIN_OK;
}

void burin::unmapWeights(burin_model &model) {
  for (int32_t i = 0; i < model.desc->num_weights; ++i) {
    const burin_weights_desc &section = model.desc->weights[i];
    const unsigned char *data = model.sections[i];
    if (section.file && data && data != nothing)
      munmap(const_cast<unsigned char *>(data), section.bytes);
  }
}
