//===- pages.h - Memory straight from the system ----------------*- C++ -*-===//

#ifndef BURIN_SRC_PAGES_H
#define BURIN_SRC_PAGES_H

#include <stddef.h>

namespace burin {

/// Zeroed memory of its own pages, huge ones where the system has them; NULL
/// where there is none left. Untouched pages cost nothing. Zero bytes are fine.
unsigned char *mapPages(size_t bytes);

/// `bytes` as given to mapPages(); NULL is allowed.
void unmapPages(void *pages, size_t bytes);

/// Makes pages of mapPages() zero again and hands what they held back.
void clearPages(void *pages, size_t bytes);

} // namespace burin

#endif // BURIN_SRC_PAGES_H
