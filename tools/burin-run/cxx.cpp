//===- cxx.cpp - What this program uses of the C++ library ----------------===//
//
// Only for the library that burinc links into programs (--emit=exe): with this,
// such a program needs libc and libm alone, and linking one needs no C++
// compiler's files. All else that is used of the library are templates.
//
//===----------------------------------------------------------------------===//

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <new>

[[noreturn]] static void end(const char *what) {
  fprintf(stderr, "%s: error: %s\n", program_invocation_short_name, what);
  exit(5); // Of the machine: nothing here is out of its range but memory.
}

void *operator new(size_t size) {
  void *memory = malloc(size ? size : 1);
  if (!memory)
    end("out of memory");
  return memory;
}
void operator delete(void *memory) noexcept { free(memory); }
void operator delete(void *memory, size_t) noexcept { free(memory); }

// libstdc++'s own names, which its templates call.
namespace std {
[[noreturn]] void __throw_length_error(const char *what) { end(what); }
[[noreturn]] void __throw_logic_error(const char *what) { end(what); }
[[noreturn]] void __throw_out_of_range_fmt(const char *what, ...) { end(what); }
[[noreturn]] void __throw_bad_alloc() { end("out of memory"); }
[[noreturn]] void __throw_bad_array_new_length() { end("out of memory"); }
} // namespace std
