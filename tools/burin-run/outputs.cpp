//===- outputs.cpp - Write outputs as files -------------------------------===//

#include "outputs.h"
#include "npy.h"
#include "options.h"
#include "text.h"
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

using namespace burin_run;

namespace {

int fail(const char *what, const std::string &path) {
  complain("cannot %s '%s': %s", what, path.c_str(), strerror(errno));
  return ExitMachine;
}

/// With the folders above it, like mkdir -p.
int makeFolder(const std::string &folder) {
  for (size_t end = 1; end <= folder.size(); ++end) {
    if (end < folder.size() && folder[end] != '/')
      continue;
    std::string part = folder.substr(0, end);
    if (mkdir(part.c_str(), 0777) == 0 || errno == EEXIST)
      continue;
    // What exists may sit where nothing can be made: then mkdir does not say
    // that it exists.
    int code = errno;
    struct stat about;
    if (stat(part.c_str(), &about) == 0)
      continue;
    errno = code;
    return fail("make folder", part);
  }
  return ExitDone;
}

/// Files under temporary names, which disappear unless they are published.
class Batch {
public:
  explicit Batch(std::string folder) : folder(std::move(folder)) {}
  ~Batch() {
    for (const Item &item : items)
      unlink(item.temporary.c_str());
  }

  int write(const char *name, const burin_tensor &tensor);
  int publish();

private:
  struct Item {
    std::string temporary;
    std::string path;
  };

  std::string folder;
  std::vector<Item> items;
};

int Batch::write(const char *name, const burin_tensor &tensor) {
  Item item;
  item.path = folder + "/" + percentEncode(name) + ".npy";
  item.temporary = folder + format("/.burin-run-%ld-%zu.npy",
                                   static_cast<long>(getpid()), items.size());
  burin_error error;
  unlink(item.temporary.c_str()); // of a process that was killed
  if (burin::writeNpy(item.temporary.c_str(), &tensor, &error) != BURIN_OK) {
    complain("output '%s': %s", name, error.text);
    return ExitMachine;
  }
  items.push_back(item);
  return ExitDone;
}

int Batch::publish() {
  for (size_t i = 0; i < items.size(); ++i) {
    if (rename(items[i].temporary.c_str(), items[i].path.c_str()) == 0)
      continue;
    fail("write", items[i].path);
    while (i-- > 0)
      unlink(items[i].path.c_str());
    return ExitMachine;
  }
  items.clear();
  return ExitDone;
}

} // namespace

int burin_run::checkFolder(const std::string &folder) {
  struct stat about;
  if (stat(folder.c_str(), &about) != 0 || S_ISDIR(about.st_mode))
    return ExitDone;
  errno = ENOTDIR;
  return fail("write to", folder);
}

int burin_run::writeOutputs(const std::string &folder,
                            const burin_entry_desc &entry,
                            const std::vector<burin_tensor> &outputs) {
  if (int code = makeFolder(folder))
    return code;
  Batch batch(folder);
  for (size_t i = 0; i < outputs.size(); ++i)
    if (int code = batch.write(entry.outputs[i].name, outputs[i]))
      return code;
  return batch.publish();
}
