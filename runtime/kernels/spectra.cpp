//===- spectra.cpp - Fourier transforms, mel filters ----------------------===//

#include "views.h"

using namespace burin;

namespace {
constexpr double pi = 3.14159265358979323846;

struct Complex {
  double real, imaginary;

  Complex operator+(Complex b) const {
    return {real + b.real, imaginary + b.imaginary};
  }
  Complex operator*(Complex b) const {
    return {real * b.real - imaginary * b.imaginary,
            real * b.imaginary + imaginary * b.real};
  }
};

int64_t getSmallestFactor(int64_t n) {
  for (int64_t p = 2; p * p <= n; ++p)
    if (n % p == 0)
      return p;
  return n;
}

/// Transforms of one length (Cooley and Tukey, factor by factor).
class Transform {
public:
  /// `memory`: 4 * length of them.
  Transform(int64_t length, bool inverse, Complex *memory)
      : length(length), roots(memory), gathered(memory + length),
        input(memory + 2 * length), output(memory + 3 * length) {
    for (int64_t i = 0; i < length; ++i) {
      double angle = (inverse ? 2 : -2) * pi * double(i) / double(length);
      roots[i] = {__builtin_cos(angle), __builtin_sin(angle)};
    }
  }
  void run() { transform(input, output, length, 1); }

private:
  /// Of `n` elements `step` apart.
  void transform(const Complex *from, Complex *to, int64_t n, int64_t step) {
    if (n == 1) {
      *to = *from;
      return;
    }
    int64_t p = getSmallestFactor(n), m = n / p;
    for (int64_t r = 0; r < p; ++r)
      transform(from + r * step, to + r * m, m, step * p);
    for (int64_t k = 0; k < m; ++k) {
      for (int64_t r = 0; r < p; ++r)
        gathered[r] = to[r * m + k];
      for (int64_t q = 0; q < p; ++q) {
        int64_t turn = (k + q * m) * step % length, at = 0;
        Complex sum = {0, 0};
        for (int64_t r = 0; r < p; ++r) {
          sum = sum + gathered[r] * roots[at];
          at += turn;
          at -= at >= length ? length : 0;
        }
        to[q * m + k] = sum;
      }
    }
  }

  int64_t length;
  Complex *roots, *gathered;

public:
  Complex *input, *output;
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
struct Row {
  const burin_view &view;
  int64_t start, step, count;

  int64_t getParts() const { return view.shape[view.rank - 1]; }
  Complex read(int64_t i) const {
    int64_t at = start + i * step;
    return {readFloat(view, at),
            getParts() == 2 ? readFloat(view, at + view.strides[view.rank - 1])
                            : 0};
  }
  void write(int64_t i, Complex value) const {
    int64_t at = start + i * step;
    writeFloat(view, at, value.real);
    if (getParts() == 2)
      writeFloat(view, at + view.strides[view.rank - 1], value.imaginary);
  }
};

/// Fills the input of a transform that is to give real numbers from one half of
/// a spectrum.
void readHalf(Complex *input, int64_t length, const Row &from) {
  for (int64_t i = 0; i < length; ++i) {
    int64_t j = minOf(i, length - i);
    Complex value = j < from.count ? from.read(j) : Complex{0, 0};
    if (i == 0 || 2 * i == length)
      value.imaginary = 0;
    input[i] = {value.real, i > length / 2 ? -value.imaginary : value.imaginary};
  }
}

/// A place for a transform of any length; null if there is no memory.
Complex *allocateTransform(burin_call *call, int64_t length) {
  return allocate<Complex>(call, length < INT32_MAX ? 4 * length : INT64_MAX / 16);
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
  bool isReal = inverse && onesided;
  int64_t length = params[2]  ? readInt(views[1], 0)
                   : isReal ? 2 * (x.shape[axis] - 1)
                              : x.shape[axis];
  if (length <= 0)
    return length < 0 || y.shape[axis] ? fail(call, "DFT: the length is not positive")
                                       : int32_t(BURIN_OK);
  Complex *memory = allocateTransform(call, length);
  if (!memory)
    return BURIN_OUT_OF_MEMORY;
  Transform transform(length, inverse, memory);
  double factor = inverse ? 1 / double(length) : 1;
  for (Indices at(x.shape, x.rank - 1, axis); !at.done(); at.next()) {
    Row from{x, at.in(x), x.strides[axis], x.shape[axis]};
    Row to{y, at.in(y), y.strides[axis], y.shape[axis]};
    if (isReal)
      readHalf(transform.input, length, from);
    else
      for (int64_t i = 0; i < length; ++i)
        transform.input[i] = i < from.count ? from.read(i) : Complex{0, 0};
    transform.run();
    for (int64_t i = 0; i < to.count; ++i)
      to.write(i, transform.output[i] * Complex{factor, 0});
  }
  call->services->release(call->owner, memory);
  return BURIN_OK;
}

int32_t burin_stft(burin_call *call, const burin_view *views,
                   const int64_t *params) {
  const burin_view &x = views[0], *next = views + 2;
  const burin_view *window = params[1] ? next++ : nullptr;
  const burin_view *given = params[2] ? next++ : nullptr;
  const burin_view &y = *next;
  int64_t step = readInt(views[1], 0);
  int64_t length = window ? window->shape[0] : given ? readInt(*given, 0) : x.shape[1];
  if (step <= 0 || length <= 0 || (window && given && readInt(*given, 0) != length))
    return fail(call, "STFT: step and length do not fit together");
  Complex *memory = allocateTransform(call, length);
  if (!memory)
    return BURIN_OUT_OF_MEMORY;
  Transform transform(length, /*inverse=*/false, memory);
  for (Indices at(y.shape, 2); !at.done(); at.next()) {
    int64_t first = at[1] * step;
    Row from{x, at[0] * x.strides[0] + first * x.strides[1], x.strides[1], length};
    Row to{y, at.in(y), y.strides[2], y.shape[2]};
    for (int64_t i = 0; i < length; ++i) {
      double weight = window ? readFloat(*window, i * window->strides[0]) : 1;
      transform.input[i] = first + i < x.shape[1]
                               ? from.read(i) * Complex{weight, 0}
                               : Complex{0, 0};
    }
    transform.run();
    for (int64_t i = 0; i < to.count; ++i)
      to.write(i, transform.output[i]);
  }
  call->services->release(call->owner, memory);
  return BURIN_OK;
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
