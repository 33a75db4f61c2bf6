//===- elf.cpp - Whether a file may be handed to the loader ---------------===//
//
// dlopen() maps what the headers say and runs what it finds: a truncated file
// ends in SIGBUS, a foreign library has its constructors run. So the structure
// is checked first, and that the file exports what only an artifact exports.
//
//===----------------------------------------------------------------------===//

#include "error.h"
#include "model.h"
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

using namespace burin;

namespace {

#if defined(__x86_64__)
constexpr Elf64_Half hostMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr Elf64_Half hostMachine = EM_AARCH64;
#endif

/// A file in memory, every access to which is checked. Each method says by
/// returning a text what is wrong, or NULL.
class File {
public:
  File(const unsigned char *data, uint64_t size) : data(data), size(size) {}

  const char *check() {
    if (const char *problem = checkHeader())
      return problem;
    if (const char *problem = checkSegments())
      return problem;
    return checkExport();
  }

private:
  bool isInside(uint64_t offset, uint64_t bytes) const {
    return offset <= size && bytes <= size - offset;
  }

  /// Copies, because a hostile offset need not be aligned.
  template <typename T>
  T read(uint64_t offset) const {
    T result;
    memcpy(&result, data + offset, sizeof(T));
    return result;
  }

  const char *checkHeader();
  const char *checkSegments();
  const char *checkSegment(const Elf64_Phdr &segment);
  const char *checkExport();
  bool findsSymbol(const Elf64_Shdr &symbols, const Elf64_Shdr &names) const;

  const unsigned char *data;
  uint64_t size;
  Elf64_Ehdr header;
  int numDynamic = 0;
};

const char *File::checkHeader() {
  if (size < sizeof(header) || memcmp(data, ELFMAG, SELFMAG) != 0)
    return "is no shared library";
  header = read<Elf64_Ehdr>(0);
  if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_ident[EI_DATA] != ELFDATA2LSB || header.e_type != ET_DYN)
    return "is no shared library for 64-bit machines";
  if (header.e_machine != hostMachine)
    return "is made for another kind of machine";
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0 ||
      !isInside(header.e_phoff, uint64_t(header.e_phnum) * sizeof(Elf64_Phdr)))
    return "is damaged: its program headers are not all there";
  // Linkers write the section table last, so this finds any truncation.
  if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum == 0 ||
      !isInside(header.e_shoff, uint64_t(header.e_shnum) * sizeof(Elf64_Shdr)))
    return "is damaged: its section table is not all there";
  return nullptr;
}

const char *File::checkSegment(const Elf64_Phdr &segment) {
  if (segment.p_type == PT_INTERP)
    return "is a program, not an artifact";
  numDynamic += segment.p_type == PT_DYNAMIC;
  if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC)
    return nullptr;
  uint64_t end;
  if (!isInside(segment.p_offset, segment.p_filesz) ||
      segment.p_filesz > segment.p_memsz ||
      __builtin_add_overflow(segment.p_vaddr, segment.p_memsz, &end) ||
      end > uint64_t(1) << 47)
    return "is damaged: a segment is not all there";
  return nullptr;
}

const char *File::checkSegments() {
  for (Elf64_Half i = 0; i < header.e_phnum; ++i)
    if (const char *problem = checkSegment(
            read<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr))))
      return problem;
  return numDynamic == 1 ? nullptr : "is no shared library";
}

bool File::findsSymbol(const Elf64_Shdr &symbols,
                       const Elf64_Shdr &names) const {
  for (uint64_t i = 0; i + sizeof(Elf64_Sym) <= symbols.sh_size;
       i += sizeof(Elf64_Sym)) {
    auto symbol = read<Elf64_Sym>(symbols.sh_offset + i);
    if (symbol.st_shndx != SHN_UNDEF &&
        ELF64_ST_TYPE(symbol.st_info) == STT_FUNC &&
        symbol.st_name < names.sh_size &&
        names.sh_size - symbol.st_name >= sizeof(BURIN_MODEL_SYMBOL) &&
        !memcmp(data + names.sh_offset + symbol.st_name, BURIN_MODEL_SYMBOL,
                sizeof(BURIN_MODEL_SYMBOL)))
      return true;
  }
  return false;
}

const char *File::checkExport() {
  auto section = [&](uint64_t index) {
    return read<Elf64_Shdr>(header.e_shoff + index * sizeof(Elf64_Shdr));
  };
  for (Elf64_Half i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr symbols = section(i);
    if (symbols.sh_type != SHT_DYNSYM || symbols.sh_link >= header.e_shnum)
      continue;
    Elf64_Shdr names = section(symbols.sh_link);
    if (isInside(symbols.sh_offset, symbols.sh_size) &&
        isInside(names.sh_offset, names.sh_size) && findsSymbol(symbols, names))
      return nullptr;
  }
  return "is a shared library, but not one made by burinc";
}

} // namespace

burin_status burin::checkArtifact(int fd, const char *path,
                                  burin_error *error) {
  struct stat about;
  if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size <= 0)
    return fail(error, BURIN_INCOMPATIBLE,
                "'%s' is no artifact: not a file with something in it", path);
  size_t size = size_t(about.st_size);
  void *data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED)
    return fail(error, BURIN_OUT_OF_MEMORY, "cannot map '%s': %s", path,
                strerror(errno));
  const char *problem =
      File(static_cast<const unsigned char *>(data), size).check();
  munmap(data, size);
  return problem ? fail(error, BURIN_INCOMPATIBLE, "'%s' %s", path, problem)
                 : BURIN_OK;
}
