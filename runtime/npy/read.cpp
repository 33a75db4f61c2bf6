//===- read.cpp - Read a .npy file ----------------------------------------===//

#include "npy.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace burin;

namespace {

/// np.save pads headers to a few times 64 bytes; records may have longer ones.
constexpr size_t maxHeaderBytes = 16384;

/// An open file, and the words for what is wrong with it.
class Reader {
public:
  Reader(const char *path, burin_error *error) : path(path), error(error) {}
  ~Reader() {
    if (fd >= 0)
      close(fd);
    free(text);
  }

  burin_status open();
  burin_status readHeader(NpyHeader &out);
  burin_status readBody(const NpyHeader &header, burin_tensor *out);

  burin_status bad(const char *why, burin_status status = BURIN_INCOMPATIBLE) {
    if (error)
      snprintf(error->text, sizeof(error->text), "'%s' %s", path, why);
    return status;
  }

private:
  bool readAt(void *to, size_t bytes, size_t offset);

  const char *path;
  burin_error *error;
  int fd = -1;
  size_t size = 0;
  size_t bodyOffset = 0;
  char *text = nullptr; // of the header
};

burin_status Reader::open() {
  // Without O_NONBLOCK a pipe without a writer would hold us here for ever.
  fd = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    char why[128];
    snprintf(why, sizeof(why), "cannot be opened: %s", strerror(errno));
    return bad(why);
  }
  struct stat about;
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
    return bad("is not a regular file");
  size = size_t(about.st_size);
  return BURIN_OK;
}

bool Reader::readAt(void *to, size_t bytes, size_t offset) {
  auto *at = static_cast<char *>(to);
  while (bytes > 0) {
    ssize_t got = pread(fd, at, bytes, off_t(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    at += got;
    bytes -= size_t(got);
    offset += size_t(got);
  }
  return true;
}

burin_status Reader::readHeader(NpyHeader &out) {
  unsigned char start[12];
  if (size < 10 || !readAt(start, 10, 0) || memcmp(start, "\x93NUMPY", 6) != 0)
    return bad("is no .npy file");
  if (start[6] < 1 || start[6] > 3 || start[7] != 0)
    return bad("has a version of .npy that is not known");
  size_t length = start[8] | size_t(start[9]) << 8;
  size_t prefix = 10;
  if (start[6] > 1) {
    prefix = 12;
    if (size < prefix || !readAt(start + 10, 2, 10))
      return bad("is cut off");
    length |= size_t(start[10]) << 16 | size_t(start[11]) << 24;
  }
  if (length > size - prefix)
    return bad("is cut off");
  if (length > maxHeaderBytes)
    return bad("has a header that is too long");
  text = static_cast<char *>(malloc(length + 1));
  if (!text)
    return bad("cannot be read: no memory", BURIN_OUT_OF_MEMORY);
  if (!readAt(text, length, prefix))
    return bad("cannot be read");
  bodyOffset = prefix + length;
  const char *problem = parseNpyHeader(text, length, out);
  return problem ? bad(problem) : BURIN_OK;
}

burin_status Reader::readBody(const NpyHeader &header, burin_tensor *out) {
  burin_tensor result = *out;
  result.rank = header.rank;
  memcpy(result.shape, header.shape, sizeof(int64_t) * header.rank);
  size_t bytes;
  if (burin_tensor_byte_size(&result, &bytes) != BURIN_OK ||
      bytes != size - bodyOffset)
    return bad("has more or less data than its shape asks for");
  if (burin_status status = allocateTensor(&result))
    return bad("does not fit into memory", status);
  if (!readAt(result.data, bytes, bodyOffset)) {
    free(result.data);
    return bad("cannot be read");
  }
  *out = result;
  return BURIN_OK;
}

/// Whether elements as the file has them are of `dtype`, bit for bit.
bool isType(const NpyHeader &header, int32_t dtype) {
  const char *type = getNpyType(dtype);
  if (header.itemBytes != type[2] - '0')
    return false;
  // Raw bits may come as unsigned integers, too.
  return header.kind == type[1] || (type[1] == 'V' && header.kind == 'u');
}

/// Fortran order is C order where at most one dimension counts.
bool isRowMajor(const NpyHeader &header) {
  int32_t wide = 0;
  for (int32_t i = 0; i < header.rank; ++i) {
    if (header.shape[i] == 0)
      return true;
    wide += header.shape[i] > 1;
  }
  return !header.fortranOrder || wide < 2;
}

/// Makes of what a file may hold what the runtime expects: bits above a narrow
/// element are zero, and a bool is 0 or 1.
void normalise(burin_tensor &tensor) {
  unsigned char mask;
  switch (tensor.dtype) {
  case BURIN_I4:
  case BURIN_U4:
  case BURIN_F4E2M1:
    mask = 0xf;
    break;
  case BURIN_I2:
  case BURIN_U2:
    mask = 0x3;
    break;
  case BURIN_BOOL:
    mask = 0xff;
    break;
  default:
    return;
  }
  size_t bytes = 0;
  burin_tensor_byte_size(&tensor, &bytes);
  auto *data = static_cast<unsigned char *>(tensor.data);
  for (size_t i = 0; i < bytes; ++i)
    data[i] = tensor.dtype == BURIN_BOOL ? data[i] != 0 : data[i] & mask;
}

} // namespace

burin_status burin::readNpy(const char *path, int32_t dtype, burin_tensor *out,
                            burin_error *error) {
  Reader reader(path, error);
  if (!path || !out || burin_dtype_size(dtype) == 0)
    return BURIN_INVALID_ARGUMENT;
  if (burin_status status = reader.open())
    return status;
  NpyHeader header = {};
  if (burin_status status = reader.readHeader(header))
    return status;
  if (!isType(header, dtype)) {
    char why[96];
    snprintf(why, sizeof(why), "has elements of type %c%d, expects %s as %s",
             header.kind >= ' ' && header.kind < 127 ? header.kind : '?',
             header.itemBytes, burin_dtype_name(dtype), getNpyType(dtype));
    return reader.bad(why, BURIN_INVALID_ARGUMENT);
  }
  if (header.bigEndian)
    return reader.bad("is big endian, which is not read");
  if (!isRowMajor(header))
    return reader.bad("is in Fortran order, which is not read: save "
                      "np.ascontiguousarray() of it");
  burin_tensor result = {nullptr, dtype, 0, {}};
  if (burin_status status = reader.readBody(header, &result))
    return status;
  normalise(result);
  *out = result;
  return BURIN_OK;
}
