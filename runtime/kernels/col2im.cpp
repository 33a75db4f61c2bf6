//===- col2im.cpp - Blocks to an image ------------------------------------===//

#include "views.h"

using namespace burin;

namespace {
constexpr int32_t maxAxes = BURIN_MAX_RANK - 2;

/// The sizes of everything along the axes of the image.
struct Layout {
  int32_t rank;
  int64_t image[maxAxes], block[maxAxes], places[maxAxes];
  const int64_t *strides, *pads, *dilations;

  /// False if the numbers do not fit together.
  bool prepare(const burin_view &x, const burin_view &y, const burin_view &sizes) {
    int64_t channels = 1, columns = 1;
    for (int32_t d = 0; d < rank; ++d) {
      image[d] = y.shape[d + 2];
      block[d] = readInt(sizes, d * sizes.strides[0]);
      if (block[d] < 1 || block[d] > INT32_MAX)
        return false;
      int64_t reach = dilations[d] * (block[d] - 1) + 1;
      int64_t padded = image[d] + pads[d] + pads[rank + d];
      places[d] = padded < reach ? 0 : (padded - reach) / strides[d] + 1;
      if (channels > x.shape[1] / block[d])
        return false;
      channels *= block[d];
      columns *= places[d];
      if (columns > x.shape[2])
        return false;
    }
    return columns == x.shape[2] && channels * y.shape[1] == x.shape[1] &&
           x.shape[0] == y.shape[0];
  }
};

template <typename T>
void addBlocks(const burin_view &x, const burin_view &y, const Layout &layout) {
  auto *from = static_cast<const T *>(x.data);
  auto *to = static_cast<T *>(y.data);
  for (Indices at(y.shape, y.rank); !at.done(); at.next())
    to[at.in(y)] = 0;
  int64_t row = 0;
  // Images and channels, elements of the block, places of the block.
  for (Indices c(y.shape, 2); !c.done(); c.next()) {
    row = c[1] == 0 ? 0 : row;
    for (Indices k(layout.block, layout.rank); !k.done(); k.next(), ++row) {
      int64_t column = 0;
      for (Indices p(layout.places, layout.rank); !p.done(); p.next(), ++column) {
        int64_t place = c[0] * y.strides[0] + c[1] * y.strides[1];
        bool isInside = true;
        for (int32_t d = 0; d < layout.rank; ++d) {
          int64_t at = p[d] * layout.strides[d] - layout.pads[d] +
                       k[d] * layout.dilations[d];
          isInside &= at >= 0 && at < layout.image[d];
          place += at * y.strides[d + 2];
        }
        if (isInside)
          to[place] += from[c[0] * x.strides[0] + row * x.strides[1] +
                            column * x.strides[2]];
      }
    }
  }
}
} // namespace

int32_t burin_col2im(burin_call *call, const burin_view *views,
                     const int64_t *params) {
  const burin_view &x = views[0], &y = views[3];
  int32_t rank = y.rank - 2;
  Layout layout{rank, {}, {}, {}, params, params + rank, params + 3 * rank};
  if (!layout.prepare(x, y, views[2]))
    return fail(call, "Col2Im: shapes do not fit together");
  if (x.dtype == BURIN_F64)
    addBlocks<double>(x, y, layout);
  else if (x.dtype == BURIN_I64)
    addBlocks<int64_t>(x, y, layout);
  else
    addBlocks<float>(x, y, layout);
  return BURIN_OK;
}
