/* Pixels to coefficients: colour, chroma subsampling, discrete cosine transform. */

#include <stdlib.h>
#include <string.h>

#include "jpeg/jpeg.h"
#include "jpeg/transform.h"

/* A row of pixels as Y, Cb and Cr around zero (ITU-T T.871), `width` samples filled up to `wide`
 * with the last. */
static void convert_row(const uint8_t *restrict pixels, size_t channels, size_t width, size_t wide,
    float *const rows[3])
{
    if (channels == 1) {
        for (size_t x = 0; x < width; x++) {
            rows[0][x] = (float)pixels[x] - 128.0F;
        }
    } else {
        float *restrict luma = rows[0], *restrict blue = rows[1], *restrict red = rows[2];
        for (size_t x = 0; x < width; x++) {
            const float r = pixels[3 * x], g = pixels[3 * x + 1], b = pixels[3 * x + 2];
            luma[x] = 0.299F * r + 0.587F * g + 0.114F * b - 128.0F;
            blue[x] = -0.168735892F * r - 0.331264108F * g + 0.5F * b;
            red[x] = 0.5F * r - 0.418687589F * g - 0.081312411F * b;
        }
    }
    for (size_t component = 0; component < channels; component++) {
        for (size_t x = width; x < wide; x++) {
            rows[component][x] = rows[component][width - 1];
        }
    }
}

/* The mean of 2 x 2 samples: where JFIF has the chroma sample, in the middle of them. */
static void halve(const float *restrict full, size_t wide, size_t high, float *restrict half)
{
    for (size_t y = 0; y < high / 2; y++) {
        const float *const upper = full + 2 * y * wide, *const lower = upper + wide;
        for (size_t x = 0; x < wide / 2; x++) {
            half[y * (wide / 2) + x]
                = 0.25F * (upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]);
        }
    }
}

/* A strip of samples, whole blocks in both directions, to its coefficients; the end of those. */
static float *transform(const float *strip, size_t wide, size_t high, float *coefficients)
{
    for (size_t y = 0; y < high; y += JPEG_SIDE) {
        for (size_t x = 0; x < wide; x += JPEG_SIDE) {
            float samples[JPEG_SIDE][JPEG_SIDE], found[JPEG_SIDE][JPEG_SIDE];
            for (size_t row = 0; row < JPEG_SIDE; row++) {
                memcpy(samples[row], strip + (y + row) * wide + x, sizeof samples[row]);
            }
            jpeg_cosine_forward(samples, found);
            for (size_t position = 0; position < JPEG_BLOCK; position++) {
                coefficients[position] = found[jpeg_zigzag[position] / JPEG_SIDE]
                                           [jpeg_zigzag[position] % JPEG_SIDE];
            }
            coefficients += JPEG_BLOCK;
        }
    }
    return coefficients;
}

int leanpix_jpeg_forward(const struct jpeg_shape *shape, const uint8_t *pixels, float *luma,
    float *blue, float *red)
{
    const size_t wide = jpeg_samples_wide(shape, 0), high = jpeg_samples_high(shape, 0);
    const size_t unit = shape->halved ? 2 * JPEG_SIDE : JPEG_SIDE, plane = unit * wide;
    float *const strip = malloc((JPEG_COMPONENTS * plane + plane / 4) * sizeof *strip);
    float *const half = strip + JPEG_COMPONENTS * plane;
    float *ends[JPEG_COMPONENTS] = {luma, blue, red};

    if (strip == NULL) {
        return LEANPIX_OUT_OF_MEMORY;
    }
    for (size_t top = 0; top < high; top += unit) {
        for (size_t row = 0; row < unit; row++) {
            const size_t y = top + row < shape->height ? top + row : shape->height - 1;
            float *const rows[3]
                = {strip + row * wide, strip + plane + row * wide, strip + 2 * plane + row * wide};
            convert_row(pixels + y * shape->width * shape->components, shape->components,
                shape->width, wide, rows);
        }
        ends[0] = transform(strip, wide, unit, ends[0]);
        for (size_t component = 1; component < shape->components; component++) {
            const float *const samples = strip + component * plane;
            if (shape->halved) {
                halve(samples, wide, unit, half);
                ends[component] = transform(half, wide / 2, unit / 2, ends[component]);
            } else {
                ends[component] = transform(samples, wide, unit, ends[component]);
            }
        }
    }
    free(strip);
    return LEANPIX_OK;
}
