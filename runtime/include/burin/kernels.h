/*===- burin/kernels.h - Library kernels that generated code calls --*- C -*-===*\
|*
|* What is not worth generating code for. Each kernel has the same signature:
|* `views` are its inputs, then its outputs, `params` its attributes, in the order
|* that its comment gives. Returns BURIN_OK or what services->fail returned.
|*
|* Kernels see strided memory, allocate only through services, and are C++17
|* without exceptions, RTTI, STL containers or globals.
|*
\*===----------------------------------------------------------------------===*/

#ifndef BURIN_KERNELS_H
#define BURIN_KERNELS_H

#include "burin/abi.h"

/* Elements in memory: strides are in elements and may be 0 or negative. */
typedef struct burin_view {
  void *data;
  int32_t dtype; /* a burin_dtype */
  int32_t rank;
  int64_t shape[BURIN_MAX_RANK];
  int64_t strides[BURIN_MAX_RANK];
} burin_view;

#ifdef __cplusplus
static_assert(sizeof(burin_view) == 144, "ABI");
extern "C" {
#endif

typedef int32_t burin_kernel(burin_call *call, const burin_view *views,
                             const int64_t *params);

/* Running sums or products. views: x, y, both [A, N, B]; along N.
 * params: exclusive (y[i] is without x[i]), reverse, product. */
burin_kernel burin_scan;

/* The k largest or smallest elements along an axis, in order. views: x; values
 * and indices (i64), whose size along the axis is k. params: axis, largest,
 * sorted (they always are). */
burin_kernel burin_topk;

/* Determinants. views: x [..., M, M], y [...]. */
burin_kernel burin_det;

/* Writes updates into y, which holds x, in order. Indices are i32 or i64,
 * negative ones count from the end. A reduction is 0: the last one stays, 1: sum,
 * 2: product, 3: largest, 4: smallest.
 * Elements along one axis. views: indices, updates, y. params: axis, reduction. */
burin_kernel burin_scatter_elements;

/* Slices chosen by tuples of indices. views: indices [..., K], updates, y.
 * params: reduction. */
burin_kernel burin_scatter_nd;

/* New elements of a cache from a position on. views: update; positions [batch],
 * if any; y, which holds the cache. params: axis, circular, has positions. */
burin_kernel burin_tensor_scatter;

/* Where x is not 0. views: x; y [rank, n] (i64), where n is their number. */
burin_kernel burin_nonzero;

/* The slices of x for which a condition (bool, not longer than the axis) holds.
 * views: x, condition, y of their number. params: axis. */
burin_kernel burin_compress;

/* Each slice along an axis once. views: x; of the size of the axis, all i64:
 * where each is first, for each slice of x its place among them, how often it is
 * there; their number (i64 scalar). params: axis, sorted. */
burin_kernel burin_unique;

/* Boxes that no better one overlaps. views: boxes [N, B, 4], scores [N, C, B],
 * thresholds of overlap and score (f32 scalars), if any; rows of batch, class,
 * box [n, 3], and how many (i64). No more than n / (N * C) per batch and class.
 * params: boxes are center and size, has threshold of overlap, of score. */
burin_kernel burin_non_max_suppression;

/* What Resize reads along one axis of x. views: x (its shape), scales, sizes, roi
 * if any; indices [taps, n] (i32, all inside of x; -1 outside of a crop of mode
 * nearest), weights [taps, n], values to add [n] (f32). params: axis, its place
 * among the resized axes, mode (nearest, linear, cubic), coordinates (half_pixel,
 * half_pixel_symmetric, pytorch_half_pixel, align_corners, asymmetric,
 * tf_crop_and_resize, tf_half_pixel_for_nn), rounding (prefer floor, prefer ceil,
 * floor, ceil), policy (stretch, not_larger, not_smaller), antialias,
 * exclude_outside, bits of cubic_coeff_a and of extrapolation_value (f32), has
 * scales, sizes, roi, number of axes, axes. */
burin_kernel burin_resize_table;

/* Samples at the places of a grid. views: x [N, C, in...], grid [N, out..., r],
 * y [N, C, out...]; all f32 or f64. params: mode (nearest, linear, cubic),
 * padding (zeros, border, reflection), align_corners. */
burin_kernel burin_grid_sample;

/* Pools regions at sampled places. views: x [N, C, H, W], regions [R, 4], batch
 * indices [R] (i64), y [R, C, h, w]. params: samples per bin (0: one per pixel),
 * max, half_pixel, bits of the scale (f32). */
burin_kernel burin_roi_align;

/* The largest elements of regions. views: x [N, C, H, W], regions [R, 5], y
 * [R, C, h, w]. params: bits of the scale (f32). */
burin_kernel burin_max_roi_pool;

/* Adds blocks to an image. views: x [N, C * block, L], sizes of the image and of
 * the block (i64), y [N, C, image...] of f32, f64 or i64. params: strides, pads
 * before, pads behind, dilations. */
burin_kernel burin_col2im;

/* Fourier transform along one axis. views: x [..., 1 or 2], length (i64), if
 * given, axis (i64), y; f32 or f64. params: inverse, onesided, has length. */
burin_kernel burin_dft;

/* The same of frames. views: signal [N, n, 1 or 2], step (i64), window and length
 * (i64), if given, y [N, frames, bins, 2]. params: onesided, has window, has
 * length. */
burin_kernel burin_stft;

/* Triangular filters on the mel scale. views: number of filters, length, rate
 * (i64), lowest and highest frequency (f64), y [length / 2 + 1, filters] (f64). */
burin_kernel burin_mel_weight_matrix;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* BURIN_KERNELS_H */
