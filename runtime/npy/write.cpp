//===- write.cpp - Write a .npy file --------------------------------------===//

#include "npy.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace burin;

namespace {

/// Room for magic, eight dimensions of 20 digits and all that np.save adds.
struct Header {
  char bytes[384];
  size_t length = 0;
};

/// The repr() of a Python tuple.
int printShape(char *to, size_t room, const burin_tensor &tensor) {
  int used = snprintf(to, room, "(");
  for (int32_t i = 0; i < tensor.rank; ++i)
    used += snprintf(to + used, room - used, "%s%lld", i ? ", " : "",
                     static_cast<long long>(tensor.shape[i]));
  return used + snprintf(to + used, room - used, tensor.rank == 1 ? ",)" : ")");
}

/// As np.save has it, byte for byte: room for the first dimension to grow to 21
/// digits, then spaces so that the data begins at a multiple of 64.
Header makeHeader(const burin_tensor &tensor) {
  constexpr size_t prefix = 10;
  Header header;
  char *text = header.bytes + prefix;
  size_t room = sizeof(header.bytes) - prefix;
  int used = snprintf(text, room,
                      "{'descr': '%s', 'fortran_order': False, "
                      "'shape': ",
                      getNpyType(tensor.dtype));
  used += printShape(text + used, room - used, tensor);
  used += snprintf(text + used, room - used, ", }");
  int spare = 0;
  if (tensor.rank > 0)
    spare = 21 - snprintf(nullptr, 0, "%lld",
                          static_cast<long long>(tensor.shape[0]));
  // NumPy pads by 64 where nothing would be needed; so do we.
  size_t length = prefix + size_t(used + spare) + 1;
  length += 64 - length % 64;
  memset(text + used, ' ', length - prefix - size_t(used));
  header.bytes[length - 1] = '\n';
  memcpy(header.bytes, "\x93NUMPY\1\0", 8);
  header.bytes[8] = char((length - prefix) & 0xff);
  header.bytes[9] = char((length - prefix) >> 8);
  header.length = length;
  return header;
}

bool writeAll(int fd, const void *data, size_t bytes) {
  auto *at = static_cast<const char *>(data);
  while (bytes > 0) {
    ssize_t done = write(fd, at, bytes);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return false;
    at += done;
    bytes -= size_t(done);
  }
  return true;
}

burin_status failed(const char *path, burin_error *error) {
  if (error)
    snprintf(error->text, sizeof(error->text), "cannot write '%s': %s", path,
             strerror(errno));
  return BURIN_FAILED;
}

} // namespace

burin_status burin::writeNpy(const char *path, const burin_tensor *tensor,
                             burin_error *error) {
  size_t bytes;
  if (!path || !tensor)
    return BURIN_INVALID_ARGUMENT;
  if (burin_status status = burin_tensor_byte_size(tensor, &bytes))
    return status;
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0)
    return failed(path, error);
  Header header = makeHeader(*tensor);
  bool good = writeAll(fd, header.bytes, header.length) &&
              writeAll(fd, tensor->data, bytes);
  burin_status status = good ? BURIN_OK : failed(path, error);
  // A full disk may show only here.
  if (close(fd) != 0 && good)
    status = failed(path, error);
  if (status != BURIN_OK)
    unlink(path);
  return status;
}
