//===- Cache.cpp - What was compiled before -------------------------------===//
//
// An entry: a line that says what it is; one with the output's name; one with the
// size of the notes; a line per file with its size, its permissions and its name;
// an empty line; the bytes of the notes and of the files one after the other; the
// hash of all before it. Of names, "" is the output's own; another is what follows
// the output's stem or name.
//
//===----------------------------------------------------------------------===//

#include "compiler/Driver/Cache.h"
#include "compiler/Support/Hash.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace burin;
namespace fs = llvm::sys::fs;

static constexpr StringLiteral title = "burin cache entry 2";
static constexpr StringLiteral extension = ".entry";
static constexpr StringLiteral unfinished = ".unfinished";
static constexpr size_t hashLength = 32;
static constexpr size_t maxHeader = 1 << 16;

namespace {
/// A file that is read piece by piece: mapped, it would count as this program's
/// memory.
class Reader {
public:
  explicit Reader(StringRef path) {
    if (Expected<fs::file_t> opened = fs::openNativeFileForRead(path))
      file = *opened;
    else
      consumeError(opened.takeError());
    fs::file_status status;
    if (isOpen() && !fs::status(file, status))
      size = status.getSize();
  }
  ~Reader() {
    if (isOpen())
      fs::closeFile(file);
  }
  Reader(const Reader &) = delete;
  Reader &operator=(const Reader &) = delete;

  bool isOpen() const { return file != fs::kInvalidFile; }
  uint64_t getSize() const { return size; }

  /// Hands `bytes` from `offset` on to `take`.
  bool read(uint64_t offset, uint64_t bytes, function_ref<void(StringRef)> take) {
    std::vector<char> buffer(std::min<uint64_t>(bytes, 1 << 20));
    while (bytes > 0) {
      MutableArrayRef<char> piece(buffer.data(),
                                  std::min<uint64_t>(bytes, buffer.size()));
      Expected<size_t> count = fs::readNativeFileSlice(file, piece, offset);
      if (!count) {
        consumeError(count.takeError());
        return false;
      }
      if (*count == 0)
        return false;
      take(StringRef(buffer.data(), *count));
      offset += *count;
      bytes -= *count;
    }
    return true;
  }

private:
  fs::file_t file = fs::kInvalidFile;
  uint64_t size = 0;
};

/// One of the files in an entry.
struct Part {
  std::string name; ///< See above.
  uint64_t size = 0;
  unsigned permissions = 0;
};

/// What an entry starts with, and where its notes and files do.
struct Head {
  std::string output; ///< The name that it was stored for.
  uint64_t notes = 0;
  std::vector<Part> parts;
  uint64_t end = 0;
};
} // namespace

static std::string print(const Head &head) {
  std::string text = (title + "\n" + toHex(head.output) + "\n" + Twine(head.notes) +
                      "\n")
                         .str();
  for (const Part &part : head.parts)
    text += std::to_string(part.size) + " " +
            std::to_string(part.permissions) + " " + toHex(part.name) + "\n";
  return text + "\n";
}

/// None if `text` does not start with one.
static std::optional<Head> parse(StringRef text) {
  Head head;
  size_t end = text.find("\n\n");
  if (end == StringRef::npos)
    return std::nullopt;
  head.end = end + 2;
  SmallVector<StringRef> lines;
  text.take_front(end).split(lines, '\n');
  if (lines.size() < 4 || lines[0] != title ||
      !tryGetFromHex(lines[1], head.output) || lines[2].getAsInteger(10, head.notes))
    return std::nullopt;
  for (StringRef line : ArrayRef(lines).drop_front(3)) {
    Part &part = head.parts.emplace_back();
    SmallVector<StringRef> fields;
    line.split(fields, ' ');
    if (fields.size() != 3 || fields[0].getAsInteger(10, part.size) ||
        fields[1].getAsInteger(10, part.permissions) ||
        !tryGetFromHex(fields[2], part.name))
      return std::nullopt;
  }
  return head;
}

/// The head of the entry in `file`, all of whose bytes are as they were written.
static std::optional<Head> readHead(Reader &file) {
  if (!file.isOpen() || file.getSize() < hashLength)
    return std::nullopt;
  uint64_t end = file.getSize() - hashLength;
  std::string start, hash;
  Hasher hasher;
  if (!file.read(0, std::min<uint64_t>(end, maxHeader),
                 [&](StringRef bytes) { start += bytes; }))
    return std::nullopt;
  std::optional<Head> head = parse(start);
  if (!head)
    return std::nullopt;
  uint64_t bytes;
  if (__builtin_add_overflow(head->end, head->notes, &bytes))
    return std::nullopt;
  for (const Part &part : head->parts)
    if (__builtin_add_overflow(bytes, part.size, &bytes))
      return std::nullopt;
  if (bytes != end ||
      !file.read(0, end, [&](StringRef bytes) { hasher.add(bytes); }) ||
      !file.read(end, hashLength, [&](StringRef bytes) { hash += bytes; }) ||
      hash != hasher.get())
    return std::nullopt;
  return head;
}

/// What a part is called beside `output`: "" is `output` itself, ".weights" is
/// appended, "*.h" takes the place of its extension.
static std::string getPath(StringRef output, StringRef name) {
  if (!name.consume_front("*"))
    return (output + name).str();
  SmallString<128> path(output);
  sys::path::replace_extension(path, name);
  return path.str().str();
}

/// The reverse; none if `path` is not called by `output`.
static std::optional<std::string> getName(StringRef output, StringRef path) {
  if (path.starts_with(output))
    return path.drop_front(output.size()).str();
  std::string name = ("*" + sys::path::extension(path)).str();
  if (getPath(output, name) == path)
    return name;
  return std::nullopt;
}

/// Writes a part of `file` into a new output. False where that fails.
static bool extract(Reader &file, uint64_t offset, const Part &part,
                    StringRef path, OutputFiles &outputs) {
  std::string temporary;
  if (!outputs.add(path, temporary).isOk())
    return false;
  std::error_code error;
  raw_fd_ostream os(temporary, error);
  bool isRead = !error && file.read(offset, part.size, [&](StringRef bytes) {
    os << bytes;
  });
  os.close();
  bool isWritten = !os.has_error();
  os.clear_error();
  return isRead && isWritten &&
         !fs::setPermissions(temporary, fs::perms(part.permissions));
}

std::string Cache::getEntry(StringRef key) const {
  SmallString<128> path(folder);
  sys::path::append(path, key + extension);
  return path.str().str();
}

bool Cache::load(StringRef key, StringRef output, OutputFiles &outputs,
                 std::string &notes) {
  std::string entry = getEntry(key);
  Reader file(entry);
  if (!file.isOpen())
    return false;
  std::optional<Head> head = readHead(file);
  if (!head) {
    fs::remove(entry);
    return false;
  }
  // Files name each other.
  if (head->parts.size() > 1 && head->output != sys::path::filename(output))
    return false;
  notes.clear();
  if (!file.read(head->end, head->notes, [&](StringRef bytes) { notes += bytes; }))
    return false;
  uint64_t offset = head->end + head->notes;
  for (const Part &part : head->parts) {
    if (!extract(file, offset, part, getPath(output, part.name), outputs)) {
      outputs.discard();
      return false;
    }
    offset += part.size;
  }
  // The time of its last use decides how long it stays.
  int descriptor;
  if (!fs::openFileForWrite(entry, descriptor, fs::CD_OpenExisting,
                            fs::OF_Append)) {
    fs::setLastAccessAndModificationTime(descriptor,
                                         std::chrono::system_clock::now());
    sys::Process::SafelyCloseFileDescriptor(descriptor);
  }
  return true;
}

/// Writes an entry of `notes` and the files at `paths`.
static bool writeEntry(const Head &head, StringRef notes, ArrayRef<std::string> paths,
                       raw_fd_ostream &os) {
  Hasher hasher;
  auto write = [&](StringRef bytes) {
    hasher.add(bytes);
    os << bytes;
  };
  write(print(head));
  write(notes);
  for (auto [part, path] : zip(head.parts, paths)) {
    Reader file(path);
    if (!file.isOpen() || !file.read(0, part.size, write))
      return false;
  }
  os << hasher.get();
  os.close();
  bool isWritten = !os.has_error();
  os.clear_error();
  return isWritten;
}

void Cache::store(StringRef key, StringRef output, const OutputFiles &outputs,
                  StringRef notes) {
  Head head = {sys::path::filename(output).str(), notes.size(), {}, 0};
  std::vector<std::string> paths;
  uint64_t bytes = notes.size();
  bool isKnown = true;
  outputs.forEach([&](StringRef temporary, StringRef path) {
    std::optional<std::string> name = getName(output, path);
    fs::file_status status;
    isKnown &= name && !fs::status(temporary, status);
    if (!isKnown)
      return;
    head.parts.push_back(
        {*name, status.getSize(), unsigned(status.permissions())});
    paths.push_back(temporary.str());
    bytes += status.getSize();
  });
  if (!isKnown || paths.empty() || bytes > limit / 4 ||
      fs::create_directories(folder, /*IgnoreExisting=*/true, fs::owner_all))
    return;
  SmallString<128> model(folder), temporary;
  sys::path::append(model, "%%%%%%%%" + unfinished);
  int descriptor;
  if (fs::createUniqueFile(model, descriptor, temporary))
    return;
  sys::RemoveFileOnSignal(temporary);
  raw_fd_ostream os(descriptor, /*shouldClose=*/true);
  if (!writeEntry(head, notes, paths, os) || fs::rename(temporary, getEntry(key)))
    fs::remove(temporary);
  sys::DontRemoveFileOnSignal(temporary);
  evict();
}

void Cache::evict() {
  struct Entry {
    std::string path;
    sys::TimePoint<> used;
    uint64_t bytes;
  };
  std::vector<Entry> entries;
  uint64_t sum = 0;
  auto now = std::chrono::system_clock::now();
  std::error_code error;
  for (fs::directory_iterator file(folder, error), end; !error && file != end;
       file.increment(error)) {
    auto status = file->status();
    if (!status)
      continue; // Another program has removed it.
    StringRef path = file->path();
    // What a program left that was killed.
    if (path.ends_with(unfinished) &&
        now - status->getLastModificationTime() > std::chrono::hours(1))
      fs::remove(path);
    if (!path.ends_with(extension))
      continue;
    entries.push_back(
        {path.str(), status->getLastModificationTime(), status->getSize()});
    sum += status->getSize();
  }
  llvm::sort(entries, [](const Entry &one, const Entry &other) {
    return std::tie(one.used, one.path) < std::tie(other.used, other.path);
  });
  for (const Entry &entry : entries) {
    if (sum <= limit)
      return;
    fs::remove(entry.path);
    sum -= entry.bytes;
  }
}
