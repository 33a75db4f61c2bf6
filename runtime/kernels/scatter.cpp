//===- scatter.cpp - Elements written by index ----------------------------===//

#include "views.h"

using namespace burin;

namespace {
/// to = to <reduction> from, of one element.
using Combine = void (*)(unsigned char *to, const unsigned char *from);

enum Reduction { None, Add, Mul, Max, Min };

/// How an element type calculates: T in memory, by way of `Wide`.
template <typename T, typename Wide> struct Plain {
  static Wide read(const unsigned char *at) {
    T value;
    memcpy(&value, at, sizeof value);
    return Wide(value);
  }
  static void write(unsigned char *at, Wide wide) {
    T value = T(wide);
    memcpy(at, &value, sizeof value);
  }
  static constexpr bool isBool = false;
};

template <typename T> struct Small {
  static float read(const unsigned char *at) {
    T value;
    memcpy(&value, at, sizeof value);
    return float(value);
  }
  static void write(unsigned char *at, float wide) {
    T value = T::from(wide);
    memcpy(at, &value, sizeof value);
  }
  static constexpr bool isBool = false;
};

struct Bool {
  static bool read(const unsigned char *at) { return *at != 0; }
  static void write(unsigned char *at, bool value) { *at = value; }
  static constexpr bool isBool = true;
};

template <typename Type, Reduction reduction>
void combine(unsigned char *to, const unsigned char *from) {
  auto a = Type::read(to), b = Type::read(from);
  if constexpr (Type::isBool) {
    bool isOr = reduction == Add || reduction == Max;
    Type::write(to, isOr ? a || b : a && b);
  } else if (reduction == Add) {
    Type::write(to, a + b);
  } else if (reduction == Mul) {
    Type::write(to, a * b);
  } else if (a != a || b != b) { // NaN stays.
    Type::write(to, a + b);
  } else if (reduction == Max) {
    Type::write(to, a < b ? b : a);
  } else {
    Type::write(to, b < a ? b : a);
  }
}

template <typename Type> Combine choose(int64_t reduction) {
  switch (reduction) {
  case Add:
    return combine<Type, Add>;
  case Mul:
    return combine<Type, Mul>;
  case Max:
    return combine<Type, Max>;
  default:
    return combine<Type, Min>;
  }
}

/// Integers wrap: they calculate unsigned, but compare as what they are, which
/// for sums and products comes to the same.
Combine getCombine(int32_t dtype, int64_t reduction) {
  bool ordered = reduction == Max || reduction == Min;
  switch (dtype) {
  case BURIN_F32:
    return choose<Plain<float, float>>(reduction);
  case BURIN_F64:
    return choose<Plain<double, double>>(reduction);
  case BURIN_F16:
    return choose<Small<Half>>(reduction);
  case BURIN_BF16:
    return choose<Small<BFloat>>(reduction);
  case BURIN_BOOL:
    return choose<Bool>(reduction);
  case BURIN_I8:
    return choose<Plain<int8_t, int32_t>>(reduction);
  case BURIN_U8:
    return choose<Plain<uint8_t, uint32_t>>(reduction);
  case BURIN_I16:
    return choose<Plain<int16_t, int32_t>>(reduction);
  case BURIN_U16:
    return choose<Plain<uint16_t, uint32_t>>(reduction);
  case BURIN_I32:
    return ordered ? choose<Plain<int32_t, int32_t>>(reduction)
                   : choose<Plain<uint32_t, uint32_t>>(reduction);
  case BURIN_U32:
    return choose<Plain<uint32_t, uint32_t>>(reduction);
  case BURIN_I64:
    return ordered ? choose<Plain<int64_t, int64_t>>(reduction)
                   : choose<Plain<uint64_t, uint64_t>>(reduction);
  case BURIN_U64:
    return choose<Plain<uint64_t, uint64_t>>(reduction);
  default:
    return nullptr;
  }
}

/// Writes elements of one size, as the reduction says.
struct Writer {
  Combine combine = nullptr;
  int32_t bytes;

  bool prepare(int32_t dtype, int64_t reduction) {
    bytes = getBytes(dtype);
    if (reduction != None)
      combine = getCombine(dtype, reduction);
    return reduction == None || combine;
  }
  void write(unsigned char *to, const unsigned char *from) const {
    if (combine)
      combine(to, from);
    else
      memcpy(to, from, size_t(bytes));
  }
};

/// Dimensions `first`.. of a view.
burin_view getTail(const burin_view &view, int32_t first) {
  burin_view tail = view;
  tail.rank = view.rank - first;
  for (int32_t d = 0; d < tail.rank; ++d) {
    tail.shape[d] = view.shape[first + d];
    tail.strides[d] = view.strides[first + d];
  }
  return tail;
}

bool isDense(const burin_view &view) {
  int64_t stride = 1;
  for (int32_t d = view.rank - 1; d >= 0; --d) {
    if (view.shape[d] != 1 && view.strides[d] != stride)
      return false;
    stride *= view.shape[d];
  }
  return true;
}

int64_t countElements(const burin_view &view) {
  int64_t count = 1;
  for (int32_t d = 0; d < view.rank; ++d)
    count *= view.shape[d];
  return count;
}

/// Slices of one shape from one tensor to another.
struct SliceWriter {
  Writer writer;
  burin_view from, to;
  bool dense;

  SliceWriter(Writer writer, const burin_view &from, const burin_view &to)
      : writer(writer), from(from), to(to),
        dense(isDense(from) && isDense(to) && !writer.combine) {}

  /// Of the slices that start `source` and `target` elements behind the first.
  void write(int64_t source, int64_t target) const {
    int64_t bytes = writer.bytes;
    auto *out = static_cast<unsigned char *>(to.data) + target * bytes;
    auto *in = static_cast<const unsigned char *>(from.data) + source * bytes;
    if (dense) {
      memcpy(out, in, size_t(countElements(from) * bytes));
      return;
    }
    for (Indices at(from.shape, from.rank); !at.done(); at.next())
      writer.write(out + at.in(to) * bytes, in + at.in(from) * bytes);
  }
};
} // namespace

int32_t burin_scatter_elements(burin_call *call, const burin_view *views,
                               const int64_t *params) {
  const burin_view &indices = views[0], &updates = views[1], &y = views[2];
  int32_t axis = int32_t(params[0]);
  Writer writer;
  if (!writer.prepare(y.dtype, params[1]))
    return fail(call, "ScatterElements: a reduction of this element type");
  for (int32_t d = 0; d < y.rank; ++d)
    if (indices.shape[d] != updates.shape[d] ||
        (d != axis && indices.shape[d] > y.shape[d]))
      return fail(call, "ScatterElements: shapes do not fit together");
  int64_t size = y.shape[axis];
  auto *to = static_cast<unsigned char *>(y.data);
  auto *from = static_cast<const unsigned char *>(updates.data);
  for (Indices at(indices.shape, y.rank); !at.done(); at.next()) {
    int64_t index = readInt(indices, at.in(indices));
    index += index < 0 ? size : 0;
    if (index < 0 || index >= size)
      return fail(call, "ScatterElements: an index is out of range");
    int64_t place = at.in(y) + (index - at[axis]) * y.strides[axis];
    writer.write(to + place * writer.bytes,
                 from + at.in(updates) * writer.bytes);
  }
  return BURIN_OK;
}

int32_t burin_scatter_nd(burin_call *call, const burin_view *views,
                         const int64_t *params) {
  const burin_view &indices = views[0], &updates = views[1], &y = views[2];
  int32_t outer = indices.rank - 1, length = int32_t(indices.shape[outer]);
  Writer writer;
  if (!writer.prepare(y.dtype, params[0]))
    return fail(call, "ScatterND: a reduction of this element type");
  for (int32_t d = 0; d < updates.rank; ++d)
    if (updates.shape[d] !=
        (d < outer ? indices.shape[d] : y.shape[d - outer + length]))
      return fail(call, "ScatterND: shapes do not fit together");
  SliceWriter slices(writer, getTail(updates, outer), getTail(y, length));
  for (Indices at(indices.shape, outer); !at.done(); at.next()) {
    int64_t place = 0, tuple = at.in(indices);
    for (int32_t i = 0; i < length; ++i) {
      int64_t index = readInt(indices, tuple + i * indices.strides[outer]);
      index += index < 0 ? y.shape[i] : 0;
      if (index < 0 || index >= y.shape[i])
        return fail(call, "ScatterND: an index is out of range");
      place += index * y.strides[i];
    }
    slices.write(at.in(updates), place);
  }
  return BURIN_OK;
}

int32_t burin_tensor_scatter(burin_call *call, const burin_view *views,
                             const int64_t *params) {
  int32_t axis = int32_t(params[0]);
  bool circular = params[1] != 0, hasPositions = params[2] != 0;
  const burin_view &update = views[0], &positions = views[1];
  const burin_view &y = views[hasPositions ? 2 : 1];
  int64_t size = y.shape[axis], count = update.shape[axis];
  for (int32_t d = 0; d < y.rank; ++d)
    if (d == axis ? count > size : update.shape[d] != y.shape[d])
      return fail(call, "TensorScatter: shapes do not fit together");
  if (hasPositions && positions.shape[0] != y.shape[0])
    return fail(call, "TensorScatter: not one position per batch");
  Writer writer;
  writer.prepare(y.dtype, None);
  SliceWriter slices(writer, getTail(update, axis + 1), getTail(y, axis + 1));
  for (Indices at(update.shape, axis); !at.done(); at.next()) {
    int64_t start =
        hasPositions ? readInt(positions, at[0] * positions.strides[0]) : 0;
    if (start < 0 || (circular ? start > INT64_MAX - count
                               : start > size - count))
      return fail(call, "TensorScatter: a position is out of range");
    for (int64_t i = 0; i < count; ++i) {
      int64_t place = circular ? (start + i) % size : start + i;
      slices.write(at.in(update) + i * update.strides[axis],
                   at.in(y) + place * y.strides[axis]);
    }
  }
  return BURIN_OK;
}
