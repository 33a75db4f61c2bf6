//===- Weights.cpp - Constants on their way into a file -------------------===//

#include "compiler/Artifact/Weights.h"
#include "compiler/Support/OutputFiles.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/BinaryFormat/ELF.h"

using namespace mlir;
using namespace burin;

std::vector<PlacedConstant> burin::takeWeights(ModuleOp module) {
  std::vector<PlacedConstant> weights;
  for (auto global :
       llvm::make_early_inc_range(module.getOps<memref::GlobalOp>())) {
    auto offset = global->getAttrOfType<IntegerAttr>("exec.offset");
    weights.push_back({uint64_t(offset.getInt()),
                       cast<ElementsAttr>(*global.getInitialValue())});
    global.erase();
  }
  llvm::sort(weights,
             [](const auto &a, const auto &b) { return a.offset < b.offset; });
  return weights;
}

/// The elements row-major, as they lie in memory; returns how many bytes.
static uint64_t writeElements(ElementsAttr value, llvm::raw_ostream &os) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    ArrayRef<char> data = resource.getRawHandle().getBlob()->getData();
    os.write(data.data(), data.size());
    return data.size();
  }
  auto dense = cast<DenseElementsAttr>(value);
  ArrayRef<char> data = dense.getRawData();
  if (!dense.isSplat()) {
    os.write(data.data(), data.size());
    return data.size();
  }
  std::string block;
  constexpr size_t blockElements = 4096;
  for (size_t i = 0; i < blockElements; ++i)
    block.append(data.data(), data.size());
  uint64_t left = uint64_t(dense.getNumElements()) * data.size();
  for (uint64_t done = 0; done < left; done += block.size())
    os.write(block.data(), std::min<uint64_t>(block.size(), left - done));
  return left;
}

static void writeSection(ArrayRef<PlacedConstant> weights, uint64_t bytes,
                         llvm::raw_ostream &os) {
  uint64_t at = 0;
  for (const PlacedConstant &constant : weights) {
    os.write_zeros(constant.offset - at);
    at = constant.offset + writeElements(constant.value, os);
  }
  os.write_zeros(bytes - at);
}

Status burin::writeRawWeights(ArrayRef<PlacedConstant> weights, uint64_t bytes,
                              StringRef path) {
  return writeFile(
      path, [&](llvm::raw_ostream &os) { writeSection(weights, bytes, os); });
}

Status burin::writeWeightsObject(ArrayRef<PlacedConstant> weights,
                                 uint64_t bytes, uint16_t machine,
                                 StringRef symbol, StringRef path) {
  using namespace llvm::ELF;
  constexpr uint64_t page = 4096;
  const std::string names =
      std::string("\0.rodata\0.symtab\0.strtab\0.note.GNU-stack\0", 41);
  const std::string symbols = '\0' + symbol.str() + '\0';
  uint64_t dataEnd = page + bytes;
  uint64_t symtab = llvm::alignTo(dataEnd, 8);
  uint64_t strtab = symtab + 2 * sizeof(Elf64_Sym);
  uint64_t nametab = strtab + symbols.size();
  uint64_t headers = llvm::alignTo(nametab + names.size(), 8);

  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ElfMagic, 4);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_REL;
  header.e_machine = machine;
  header.e_version = EV_CURRENT;
  header.e_shoff = headers;
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 6;
  header.e_shstrndx = 4;
  Elf64_Shdr sections[6] = {};
  auto set = [&](int i, uint32_t name, uint32_t type, uint64_t flags,
                 uint64_t offset, uint64_t size, uint64_t align) {
    sections[i].sh_name = name;
    sections[i].sh_type = type;
    sections[i].sh_flags = flags;
    sections[i].sh_offset = offset;
    sections[i].sh_size = size;
    sections[i].sh_addralign = align;
  };
  set(1, 1, SHT_PROGBITS, SHF_ALLOC, page, bytes, page);
  set(2, 9, SHT_SYMTAB, 0, symtab, 2 * sizeof(Elf64_Sym), 8);
  sections[2].sh_link = 3;
  sections[2].sh_info = 1; // The first symbol that is not local.
  sections[2].sh_entsize = sizeof(Elf64_Sym);
  set(3, 17, SHT_STRTAB, 0, strtab, symbols.size(), 1);
  set(4, 17, SHT_STRTAB, 0, nametab, names.size(), 1);
  // Without it, linkers make the stack executable.
  set(5, 25, SHT_PROGBITS, 0, headers, 0, 1);
  Elf64_Sym table[2] = {};
  table[1].st_name = 1;
  table[1].setBindingAndType(STB_GLOBAL, STT_OBJECT);
  table[1].st_other = STV_HIDDEN;
  table[1].st_shndx = 1;
  table[1].st_size = bytes;
  return writeFile(path, [&](llvm::raw_ostream &os) {
    os.write(reinterpret_cast<const char *>(&header), sizeof header);
    os.write_zeros(page - sizeof header);
    writeSection(weights, bytes, os);
    os.write_zeros(symtab - dataEnd);
    os.write(reinterpret_cast<const char *>(table), sizeof table);
    os << symbols << names;
    os.write_zeros(headers - nametab - names.size());
    os.write(reinterpret_cast<const char *>(sections), sizeof sections);
  });
}
