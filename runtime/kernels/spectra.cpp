//===- spectra.cpp - Fourier transforms, mel filters ----------------------===//

#include "views.h"

using namespace burin;

namespace {
constexpr double pi = 3.14159265358979323846;

template <typename T> struct Complex {
  T real, imaginary;

  Complex operator+(Complex b) const {
    return {real + b.real, imaginary + b.imaginary};
  }
  Complex operator-(Complex b) const {
    return {real - b.real, imaginary - b.imaginary};
  }
  Complex operator*(Complex b) const {
    return {real * b.real - imaginary * b.imaginary,
            real * b.imaginary + imaginary * b.real};
  }
  Complex operator*(T b) const { return {real * b, imaginary * b}; }
};

int64_t getSmallestFactor(int64_t n) {
  for (int64_t p = 2; p * p <= n; ++p)
    if (n % p == 0)
      return p;
  return n;
}

/// Transforms of one length, factor by factor, in the precision of T.
template <typename T> class Transform {
public:
  using Number = Complex<T>;

  /// `memory`: 5 * length numbers.
  Transform(int64_t length, bool inverse, Number *memory)
      : values(memory), length(length), roots(memory + length),
        other(memory + 2 * length), sums(memory + 3 * length),
        differences(memory + 4 * length) {
    for (int64_t i = 0; i < length; ++i) {
      double angle = (inverse ? 2 : -2) * pi * double(i) / double(length);
      roots[i] = {T(__builtin_cos(angle)), T(__builtin_sin(angle))};
    }
  }

  Number *values; ///< In and out.

  void run() {
    int64_t done = 1;
    for (int64_t rest = length; rest > 1;) {
      int64_t p = getSmallestFactor(rest);
      rest /= p;
      for (int64_t k = 0; k < done; ++k)
        for (int64_t i = 0; i < rest; ++i)
          combine(values + k * p * rest + i, rest, other + k * rest + i,
                  done * rest, p, i * done);
      done *= p;
      Number *swapped = values;
      values = other;
      other = swapped;
    }
  }

private:
  /// The transform of `p` numbers `step` apart, turned by multiples of `turn`,
  /// to places `stride` apart. Opposite ones share their products.
  void combine(const Number *from, int64_t step, Number *to, int64_t stride,
               int64_t p, int64_t turn) {
    Number first = from[0], total = first;
    if (p == 2) {
      to[0] = first + from[step];
      to[stride] = (first - from[step]) * roots[turn];
      return;
    }
    int64_t half = p / 2;
    for (int64_t j = 1; j <= half; ++j) {
      sums[j] = from[j * step] + from[(p - j) * step];
      differences[j] = from[j * step] - from[(p - j) * step];
      total = total + sums[j];
    }
    to[0] = total;
    for (int64_t q = 1; q <= half; ++q) {
      Number even = {0, 0}, odd = {0, 0};
      for (int64_t j = 1; j <= half; ++j) {
        Number root = roots[j * q % p * (length / p)];
        even = even + sums[j] * root.real;
        odd = odd + differences[j] * root.imaginary;
      }
      even = first + even; // Last: what cancels out is small then.
      Number turned = {-odd.imaginary, odd.real};
      to[q * stride] = (even + turned) * roots[q * turn];
      to[(p - q) * stride] = (even - turned) * roots[(p - q) * turn];
    }
  }

  int64_t length;
  Number *roots, *other, *sums, *differences;
};

double readFloat(const burin_view &view, int64_t i) {
  if (view.dtype == BURIN_F64)
    return static_cast<const double *>(view.data)[i];
  return static_cast<const float *>(view.data)[i];
}

void writeFloat(const burin_view &view, int64_t i, double value) {
  if (view.dtype == BURIN_F64)
    static_cast<double *>(view.data)[i] = value;
  else
    static_cast<float *>(view.data)[i] = float(value);
}

/// A row of real or complex numbers: every `step`-th from `start`.
template <typename T> struct Row {
  const burin_view &view;
  int64_t start, step, count;

  bool isComplex() const { return view.shape[view.rank - 1] == 2; }
  T *get(int64_t i) const {
    return static_cast<T *>(view.data) + start + i * step;
  }
  template <typename Wide> Complex<Wide> read(int64_t i) const {
    if (i >= count)
      return {0, 0};
    const T *at = get(i);
    return {at[0], isComplex() ? at[view.strides[view.rank - 1]] : T(0)};
  }
  template <typename Wide> void write(int64_t i, Complex<Wide> value) const {
    T *at = get(i);
    at[0] = T(value.real);
    if (isComplex())
      at[view.strides[view.rank - 1]] = T(value.imaginary);
  }
};

/// Number `i` of a spectrum that gives real numbers, of which one half is known.
template <typename Wide, typename T>
Complex<Wide> readHalf(const Row<T> &from, int64_t i, int64_t length) {
  auto value = from.template read<Wide>(minOf(i, length - i));
  if (i == 0 || 2 * i == length)
    value.imaginary = 0;
  return {value.real, i > length / 2 ? -value.imaginary : value.imaginary};
}

/// Whether the last dimension is that of real (1) or complex (2) numbers.
bool isSignal(const burin_view &x, bool mayBeReal, bool mayBeComplex) {
  int64_t parts = x.shape[x.rank - 1];
  return (parts == 1 && mayBeReal) || (parts == 2 && mayBeComplex);
}

/// What both kernels are told.
struct Request {
  burin_call *call;
  const burin_view &x, &y;
  int64_t length;
};

/// T in memory, calculated in `Wide`.
template <typename T, typename Wide>
int32_t transformAxis(const Request &request, int32_t axis, bool inverse,
                      bool onesided) {
  const burin_view &x = request.x, &y = request.y;
  int64_t length = request.length;
  auto *memory = allocate<Complex<Wide>>(request.call, 5 * length);
  if (!memory)
    return BURIN_OUT_OF_MEMORY;
  Transform<Wide> transform(length, inverse, memory);
  for (Indices at(x.shape, x.rank - 1, axis); !at.done(); at.next()) {
    Row<T> from{x, at.in(x), x.strides[axis], x.shape[axis]};
    Row<T> to{y, at.in(y), y.strides[axis], y.shape[axis]};
    for (int64_t i = 0; i < length; ++i)
      transform.values[i] =
          inverse && onesided ? readHalf<Wide>(from, i, length) : from.template read<Wide>(i);
    transform.run();
    for (int64_t i = 0; i < to.count; ++i)
      to.write(i, inverse ? transform.values[i] * Wide(1 / double(length))
                          : transform.values[i]);
  }
  request.call->services->release(request.call->owner, memory);
  return BURIN_OK;
}

template <typename T>
int32_t transformFrames(const Request &request, int64_t step,
                        const burin_view *window) {
  const burin_view &x = request.x, &y = request.y;
  int64_t length = request.length;
  auto *memory = allocate<Complex<double>>(request.call, 5 * length);
  if (!memory)
    return BURIN_OUT_OF_MEMORY;
  Transform<double> transform(length, /*inverse=*/false, memory);
  auto *weights = window ? static_cast<const T *>(window->data) : nullptr;
  for (Indices at(y.shape, 2); !at.done(); at.next()) {
    int64_t first = at[1] * step;
    Row<T> from{x, at[0] * x.strides[0], x.strides[1], x.shape[1]};
    Row<T> to{y, at.in(y), y.strides[2], y.shape[2]};
    for (int64_t i = 0; i < length; ++i)
      transform.values[i] =
          from.template read<double>(first + i) *
          (weights ? double(weights[i * window->strides[0]]) : 1);
    transform.run();
    for (int64_t i = 0; i < to.count; ++i)
      to.write(i, transform.values[i]);
  }
  request.call->services->release(request.call->owner, memory);
  return BURIN_OK;
}
} // namespace

int32_t burin_dft(burin_call *call, const burin_view *views,
                  const int64_t *params) {
  bool inverse = params[0] != 0, onesided = params[1] != 0;
  const burin_view &x = views[0], &y = views[params[2] ? 3 : 2];
  int64_t given = readInt(views[params[2] ? 2 : 1], 0);
  given += given < 0 ? x.rank : 0;
  if (given < 0 || given >= x.rank - 1)
    return fail(call, "DFT: the axis is out of range");
  auto axis = int32_t(given);
  int64_t length = x.shape[axis];
  if (params[2])
    length = readInt(views[1], 0);
  else if (inverse && onesided)
    length = 2 * (length - 1);
  if (!isSignal(x, /*mayBeReal=*/!(inverse && onesided),
                /*mayBeComplex=*/inverse || !onesided))
    return fail(call, "DFT: the last dimension has another size");
  if (length <= 0 && y.shape[axis] == 0)
    return BURIN_OK;
  if (length <= 0 || length > INT32_MAX)
    return fail(call, "DFT: the length is out of range");
  Request request{call, x, y, length};
  if (x.dtype == BURIN_F64)
    return transformAxis<double, double>(request, axis, inverse, onesided);
  // NumPy's precisions, whose noise ONNX's tests expect.
  return inverse ? transformAxis<float, float>(request, axis, inverse, onesided)
                 : transformAxis<float, double>(request, axis, inverse, onesided);
}

int32_t burin_stft(burin_call *call, const burin_view *views,
                   const int64_t *params) {
  const burin_view &x = views[0], *next = views + 2;
  const burin_view *window = params[1] ? next++ : nullptr;
  const burin_view *given = params[2] ? next++ : nullptr;
  int64_t step = readInt(views[1], 0);
  int64_t length = window  ? window->shape[0]
                   : given ? readInt(*given, 0)
                           : x.shape[1];
  if (step <= 0 || length <= 0 || length > INT32_MAX ||
      (window && given && readInt(*given, 0) != length))
    return fail(call, "STFT: step and length do not fit together");
  if (!isSignal(x, /*mayBeReal=*/true, /*mayBeComplex=*/!params[0]))
    return fail(call, "STFT: the last dimension has another size");
  Request request{call, x, *next, length};
  return x.dtype == BURIN_F64 ? transformFrames<double>(request, step, window)
                              : transformFrames<float>(request, step, window);
}

int32_t burin_mel_weight_matrix(burin_call *call, const burin_view *views,
                                const int64_t *) {
  const burin_view &y = views[5];
  int64_t bins = y.shape[0], filters = y.shape[1];
  int64_t length = readInt(views[1], 0), rate = readInt(views[2], 0);
  double bounds[2];
  for (int i = 0; i < 2; ++i)
    bounds[i] = 2595 * __builtin_log10(1 + readFloat(views[3 + i], 0) / 700);
  if (rate <= 0 || !(bounds[0] >= 0 && bounds[1] >= bounds[0] && bounds[1] < 1e6))
    return fail(call, "MelWeightMatrix: frequencies are out of range");
  double step = (bounds[1] - bounds[0]) / double(filters + 2);
  // The bin at which filter `i` starts, is largest, or ends.
  auto getBin = [&](int64_t i) {
    double mel = double(i) * step + bounds[0];
    double frequency = 700 * (__builtin_pow(10, mel / 2595) - 1);
    return int64_t(
        __builtin_floor(double(length + 1) * frequency / double(rate)));
  };
  auto write = [&](int64_t bin, int64_t filter, double value) {
    if (bin >= 0 && bin < bins)
      writeFloat(y, bin * y.strides[0] + filter * y.strides[1], value);
  };
  for (Indices at(y.shape, 2); !at.done(); at.next())
    writeFloat(y, at.in(y), 0);
  for (int64_t i = 0; i < filters; ++i) {
    int64_t low = getBin(i), center = getBin(i + 1), high = getBin(i + 2);
    if (low == center)
      write(center, i, 1);
    for (int64_t j = low; j <= minOf(center, bins) && low < center; ++j)
      write(j, i, double(j - low) / double(center - low));
    for (int64_t j = center; j < minOf(high, bins); ++j)
      write(j, i, double(high - j) / double(high - center));
  }
  return BURIN_OK;
}
