/*===- foreign_library.c - A library that nobody asked to run -------------===*/

#include <stdlib.h>

__attribute__((constructor)) static void leaveTrace(void) {
  setenv("BURIN_FOREIGN_CODE_RAN", "1", 1);
}

int foreign(void) { return 1; }
