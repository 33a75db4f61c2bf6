//===- open.cpp - Load an artifact from a file ----------------------------===//

#include "error.h"
#include "model.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

using namespace burin;

static burin_status checkFile(const char *path, burin_error *error) {
  // Without O_NONBLOCK a pipe without a writer would hold us here for ever.
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return fail(error, BURIN_INCOMPATIBLE, "cannot open '%s': %s", path,
                strerror(errno));
  burin_status status = checkArtifact(fd, path, error);
  close(fd);
  return status;
}

/// `real` is absolute, so that the loader does not search for it, and is cut
/// down to its folder, where external weights lie.
static burin_status load(char *real, const char *path, burin_model **out,
                         burin_error *error) {
  void *library = dlopen(real, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return fail(error, BURIN_INCOMPATIBLE, "cannot load '%s': %s", path,
                dlerror());
  auto describe =
      reinterpret_cast<burin_model_fn>(dlsym(library, BURIN_MODEL_SYMBOL));
  char *slash = strrchr(real, '/');
  slash[slash == real] = '\0';
  burin_model *model = nullptr;
  burin_status status =
      describe ? burin_model_wrap(describe(), real, &model, error)
               : fail(error, BURIN_INCOMPATIBLE, "'%s' is no artifact", path);
  // A descriptor of NULL is the artifact's mistake, not the caller's.
  if (status == BURIN_INVALID_ARGUMENT)
    status = BURIN_INCOMPATIBLE;
  if (status != BURIN_OK) {
    dlclose(library);
    return status;
  }
  model->library = library;
  *out = model;
  return BURIN_OK;
}

burin_status burin_model_open(const char *path, burin_model **out,
                              burin_error *error) {
  if (!path || !out)
    return fail(error, BURIN_INVALID_ARGUMENT, "an argument is NULL");
  if (burin_status status = checkFile(path, error))
    return status;
  char *real = realpath(path, nullptr);
  if (!real)
    return fail(error, BURIN_INCOMPATIBLE, "cannot open '%s': %s", path,
                strerror(errno));
  burin_status status = load(real, path, out, error);
  free(real);
  return status;
}
