/* A program with a model inside: reads handwritten digits out of .npy files. */
#include "digits.h"
#include <stdio.h>

enum { WIDTH = 8, CLASSES = 10, HEADER = 128 };

static int complain(const char *what, const burin_error *error) {
  fprintf(stderr, "embed: %s: %s\n", what, error->text);
  return 1;
}

/* The first image of a float32 .npy file. */
static int readImage(const char *path, float image[WIDTH * WIDTH]) {
  FILE *file = fopen(path, "rb");
  int ok = file && fseek(file, HEADER, SEEK_SET) == 0 &&
           fread(image, sizeof(float), WIDTH * WIDTH, file) == WIDTH * WIDTH;
  if (file)
    fclose(file);
  return ok;
}

int main(int argc, char **argv) {
  burin_error error = {""};
  burin_model *model = NULL;
  burin_session *session = NULL;
  if (burin_model_wrap(digits_model(), NULL, &model, &error) != BURIN_OK)
    return complain("the model", &error);
  if (burin_session_create(model, /*threads=*/1, &session, &error) != BURIN_OK)
    return complain("a session", &error);

  for (int i = 1; i < argc; ++i) {
    float image[WIDTH * WIDTH], logits[CLASSES];
    if (!readImage(argv[i], image)) {
      fprintf(stderr, "embed: cannot read %s\n", argv[i]);
      return 1;
    }
    if (digits_main(session, image, /*batch=*/1, logits, &error) != BURIN_OK)
      return complain(argv[i], &error);
    int best = 0;
    for (int digit = 1; digit < CLASSES; ++digit)
      if (logits[digit] > logits[best])
        best = digit;
    printf("%s: %d\n", argv[i], best);
  }
  burin_session_close(session);
  burin_model_close(model);
  return 0;
}
