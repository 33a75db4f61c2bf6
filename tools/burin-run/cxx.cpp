//===- cxx.cpp - What this program uses of the C++ library ----------------===//
//
// Only for the library that burinc links into programs (--emit=exe): with this,
// such a program needs libc and libm alone, and linking one needs no C++
// compiler's files. All else that is used of the library are templates that are
// instantiated where they are used.
//
//===----------------------------------------------------------------------===//

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>

template class std::basic_string<char>;

/// Nothing that this program asks for is out of its range but memory.
[[noreturn]] static void giveUp(const char *what) {
  fprintf(stderr, "%s: error: %s\n", program_invocation_short_name, what);
  exit(5);
}

void *operator new(size_t size) {
  void *memory = malloc(size ? size : 1);
  if (!memory)
    giveUp("out of memory");
  return memory;
}
void operator delete(void *memory) noexcept { free(memory); }
void operator delete(void *memory, size_t) noexcept { free(memory); }

// What libstdc++'s templates call.
void std::__throw_bad_alloc() { giveUp("out of memory"); }
void std::__throw_bad_array_new_length() { giveUp("out of memory"); }
void std::__throw_length_error(const char *what) { giveUp(what); }
void std::__throw_logic_error(const char *what) { giveUp(what); }
void std::__throw_out_of_range_fmt(const char *what, ...) { giveUp(what); }
