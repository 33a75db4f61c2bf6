/*===- main.c - A C program with a model inside ---------------------------===*\
|*
|* Reads handwritten digits with the network that is linked into this program,
|* one image at a time, and says how many of them it got right.
|*
|*   embed-c IMAGES.npy LABELS.npy
|*
\*===----------------------------------------------------------------------===*/

#include "digits.h" /* made by burinc, beside digits.a */
#include <stdio.h>
#include <stdlib.h>

enum { pixels = 8 * 8, classes = 10 };

/* The data of a .npy file, without the header, whose length is at byte 8. */
static void *read_npy(const char *path, size_t *out_bytes) {
  FILE *file = fopen(path, "rb");
  unsigned char start[10];
  unsigned char *data = NULL;
  long end;
  if (file && fread(start, 1, sizeof start, file) == sizeof start) {
    long header = 10 + start[8] + 256 * start[9];
    fseek(file, 0, SEEK_END);
    end = ftell(file);
    fseek(file, header, SEEK_SET);
    *out_bytes = end > header ? (size_t)(end - header) : 0;
    data = malloc(*out_bytes + 1);
    if (data && fread(data, 1, *out_bytes, file) != *out_bytes) {
      free(data);
      data = NULL;
    }
  }
  if (file)
    fclose(file);
  if (!data)
    fprintf(stderr, "%s: cannot be read\n", path);
  return data;
}

/* How many images the model takes for what they are; -1 where a run fails. */
static long count_right(burin_session *session, const float *images,
                        const unsigned char *labels, size_t count) {
  long right = 0;
  for (size_t i = 0; i < count; ++i) {
    float scores[classes];
    burin_error error;
    int best = 0;
    /* One image at a time; 1 is the size of the dimension `batch`. */
    if (digits_main(session, images + i * pixels, 1, scores, &error)) {
      fprintf(stderr, "%s\n", error.text);
      return -1;
    }
    for (int k = 1; k < classes; ++k)
      if (scores[k] > scores[best])
        best = k;
    right += best == labels[i];
  }
  return right;
}

int main(int argc, char **argv) {
  size_t image_bytes = 0, count = 0;
  float *images = argc == 3 ? read_npy(argv[1], &image_bytes) : NULL;
  unsigned char *labels = images ? read_npy(argv[2], &count) : NULL;
  burin_model *model = NULL;
  burin_session *session = NULL;
  burin_error error;
  long right = -1;
  if (!labels || image_bytes != count * pixels * sizeof(float)) {
    fprintf(stderr, "usage: embed-c IMAGES.npy LABELS.npy\n");
  } else if (burin_model_wrap(digits_model(), NULL, &model, &error) ||
             burin_session_create(model, 1, &session, &error)) {
    fprintf(stderr, "%s\n", error.text);
  } else {
    right = count_right(session, images, labels, count);
    printf("%ld of %zu digits are right\n", right, count);
  }
  burin_session_close(session);
  burin_model_close(model);
  free(labels);
  free(images);
  return right >= 590 ? 0 : 1; /* ONNX Runtime gets 593 of 597. */
}
