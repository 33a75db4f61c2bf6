//===- scatter.cpp - Elements written by index ----------------------------===//

#include "views.h"

using namespace burin;

namespace {
/// Elements of a line that are written at a time.
constexpr int64_t lineLength = 64;

/// to[places[i]] = to[places[i]] <reduction> from[i * step], one after the other.
using WriteLine = void (*)(unsigned char *to, const int64_t *places,
                           const unsigned char *from, int64_t step, int64_t count);

enum Reduction { None, Add, Mul, Max, Min };

/// How an element type calculates: T in memory, by way of `Wide`.
template <typename T, typename Wide> struct Plain {
  static constexpr int64_t bytes = sizeof(T);
  static Wide read(const unsigned char *at) {
    T value;
    __builtin_memcpy(&value, at, sizeof value);
    return Wide(value);
  }
  static void write(unsigned char *at, Wide wide) {
    T value = T(wide);
    __builtin_memcpy(at, &value, sizeof value);
  }
  static constexpr bool isBool = false;
};

template <typename T> struct Small {
  static constexpr int64_t bytes = sizeof(T);
  static float read(const unsigned char *at) {
    T value;
    __builtin_memcpy(&value, at, sizeof value);
    return float(value);
  }
  static void write(unsigned char *at, float wide) {
    T value = T::from(wide);
    __builtin_memcpy(at, &value, sizeof value);
  }
  static constexpr bool isBool = false;
};

struct Bool {
  static constexpr int64_t bytes = 1;
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

template <typename Type, Reduction reduction>
void combineLine(unsigned char *to, const int64_t *places,
                 const unsigned char *from, int64_t step, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    combine<Type, reduction>(to + places[i] * Type::bytes,
                             from + i * step * Type::bytes);
}

template <int64_t bytes>
void copyLine(unsigned char *to, const int64_t *places, const unsigned char *from,
              int64_t step, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    __builtin_memcpy(to + places[i] * bytes, from + i * step * bytes, bytes);
}

template <typename Type> WriteLine choose(int64_t reduction) {
  switch (reduction) {
  case Add:
    return combineLine<Type, Add>;
  case Mul:
    return combineLine<Type, Mul>;
  case Max:
    return combineLine<Type, Max>;
  default:
    return combineLine<Type, Min>;
  }
}

/// Integers wrap: they calculate unsigned, but compare as what they are, which
/// for sums and products comes to the same.
WriteLine getCombine(int32_t dtype, int64_t reduction) {
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

WriteLine getCopy(int32_t bytes) {
  switch (bytes) {
  case 8:
    return copyLine<8>;
  case 4:
    return copyLine<4>;
  case 2:
    return copyLine<2>;
  default:
    return copyLine<1>;
  }
}

/// Writes elements of one size, as the reduction says.
struct Writer {
  WriteLine write = nullptr;
  int32_t bytes;
  bool combines;

  bool prepare(int32_t dtype, int64_t reduction) {
    bytes = getBytes(dtype);
    combines = reduction != None;
    write = combines ? getCombine(dtype, reduction) : getCopy(bytes);
    return write;
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
  int32_t outer; ///< Dimensions above lines; a single element is a line, too.
  int64_t length, step, stride;
  bool dense;

  SliceWriter(Writer writer, const burin_view &from, const burin_view &to)
      : writer(writer), from(from), to(to), outer(from.rank > 0 ? from.rank - 1 : 0),
        length(from.rank > 0 ? from.shape[outer] : 1),
        step(from.rank > 0 ? from.strides[outer] : 0),
        stride(from.rank > 0 ? to.strides[outer] : 0),
        dense(isDense(from) && isDense(to) && !writer.combines) {}

  /// Of the slices that start `source` and `target` elements behind the first.
  void write(int64_t source, int64_t target) const {
    int64_t bytes = writer.bytes;
    auto *out = static_cast<unsigned char *>(to.data) + target * bytes;
    auto *in = static_cast<const unsigned char *>(from.data) + source * bytes;
    if (dense) {
      __builtin_memcpy(out, in, size_t(countElements(from) * bytes));
      return;
    }
    int64_t places[lineLength];
    for (Indices at(from.shape, outer); !at.done(); at.next()) {
      int64_t line = at.in(to);
      const unsigned char *row = in + at.in(from) * bytes;
      for (int64_t first = 0; first < length; first += lineLength) {
        int64_t count = minOf(length - first, lineLength);
        for (int64_t i = 0; i < count; ++i)
          places[i] = line + (first + i) * stride;
        writer.write(out, places, row + first * step * bytes, step, count);
      }
    }
  }
};

/// Elements that are worth another thread.
constexpr int64_t minElements = 4096;
/// Those of a part of a line: threads do not write the same cache lines.
constexpr int64_t minPart = 32;

/// Elements of lines along the last dimension.
class ElementWriter {
public:
  ElementWriter(Writer writer, const burin_view *views, int32_t axis)
      : writer(writer), indices(views[0]), updates(views[1]), y(views[2]),
        axis(axis), last(y.rank - 1), shared(axis == 0 && last > 0 ? 1 : 0) {}

  /// Indices along the shared dimension may be written side by side: they are
  /// other elements of y, unless it is the axis, which is one range then.
  int64_t countShared() const {
    return shared == axis ? 1 : indices.shape[shared];
  }

  /// The fewest of them that are worth another thread.
  int64_t getGrain() const {
    int64_t perIndex = countElements(indices) / countShared();
    return maxOf(minElements / maxOf(perIndex, 1), shared == last ? minPart : 1);
  }

  void run(int64_t low, int64_t high) {
    burin_view part = indices;
    int64_t offset = 0, source = 0, target = 0;
    if (shared != axis) {
      part.shape[shared] = high - low;
      offset = low * indices.strides[shared];
      source = low * updates.strides[shared];
      target = low * y.strides[shared];
    }
    bool isInside = true;
    for (Indices at(part.shape, last); !at.done(); at.next()) {
      int64_t place = target + at.in(y);
      if (axis < last)
        place -= at[axis] * y.strides[axis];
      isInside &= writeLine(part.shape[last], offset + at.in(indices),
                            source + at.in(updates), place);
    }
    if (!isInside)
      __atomic_store_n(&isOutside, true, __ATOMIC_RELAXED);
  }

  bool isOutside = false; ///< An index is; its element is not written.

private:
  /// False if an index is out of range: no element from there on is written.
  bool writeLine(int64_t length, int64_t offset, int64_t source, int64_t target) {
    auto *to = static_cast<unsigned char *>(y.data) + target * writer.bytes;
    auto *from =
        static_cast<const unsigned char *>(updates.data) + source * writer.bytes;
    int64_t places[lineLength], size = y.shape[axis], stride = y.strides[axis];
    int64_t along = axis == last ? 0 : y.strides[last];
    int64_t step = updates.strides[last];
    for (int64_t first = 0; first < length; first += lineLength) {
      int64_t count = minOf(length - first, lineLength);
      for (int64_t i = 0; i < count; ++i) {
        int64_t index =
            readInt(indices, offset + (first + i) * indices.strides[last]);
        index += index < 0 ? size : 0;
        if (index < 0 || index >= size)
          return false;
        places[i] = (first + i) * along + index * stride;
      }
      writer.write(to, places, from + first * step * writer.bytes, step, count);
    }
    return true;
  }

  Writer writer;
  const burin_view &indices, &updates, &y;
  int32_t axis, last, shared;
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
  ElementWriter job(writer, views, axis);
  if (countElements(indices) == 0)
    return BURIN_OK;
  call->services->parallel_for(
      call->owner,
      [](void *job, int64_t low, int64_t high) {
        static_cast<ElementWriter *>(job)->run(low, high);
      },
      &job, job.countShared(), job.getGrain());
  if (job.isOutside)
    return fail(call, "ScatterElements: an index is out of range");
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
