/* Coefficients to pixels, bit for bit as libjpeg's decoder has them by default: chroma upsampled
 * by its "fancy" triangle, colours in fixed point. */

#include <stdlib.h>

#include "jpeg/jpeg.h"
#include "jpeg/transform.h"

static inline uint8_t clamp(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* A component's blocks to its plane of samples. */
static void render(const int16_t *quantized, const float *table, size_t wide, size_t high,
    uint8_t *restrict plane)
{
    for (size_t y = 0; y < high; y += JPEG_SIDE) {
        for (size_t x = 0; x < wide; x += JPEG_SIDE, quantized += JPEG_BLOCK) {
            int32_t coefficients[JPEG_SIDE][JPEG_SIDE], samples[JPEG_SIDE][JPEG_SIDE];
            for (size_t position = 0; position < JPEG_BLOCK; position++) {
                const size_t at = jpeg_zigzag[position];
                coefficients[at / JPEG_SIDE][at % JPEG_SIDE]
                    = quantized[position] * (int)table[position];
            }
            jpeg_cosine_inverse(coefficients, samples);
            for (size_t row = 0; row < JPEG_SIDE; row++) {
                for (size_t column = 0; column < JPEG_SIDE; column++) {
                    plane[(y + row) * wide + x + column] = clamp(samples[row][column] + 128);
                }
            }
        }
    }
}

/* A row of twice the size: 3/4 of the nearer sample, 1/4 of the farther, in both directions. */
static void upsample_row(const uint8_t *restrict near, const uint8_t *restrict far, size_t half,
    int *restrict sums, uint8_t *restrict row)
{
    for (size_t x = 0; x < half; x++) {
        sums[x + 1] = 3 * near[x] + far[x];
    }
    sums[0] = sums[1];
    sums[half + 1] = sums[half];
    for (size_t x = 0; x < half; x++) {
        row[2 * x] = (uint8_t)((3 * sums[x + 1] + sums[x] + 8) >> 4);
        row[2 * x + 1] = (uint8_t)((3 * sums[x + 1] + sums[x + 2] + 7) >> 4);
    }
}

/* ITU-T T.871 in 16 bits of fraction. */
static void colour_row(const uint8_t *restrict luma, const uint8_t *restrict blue,
    const uint8_t *restrict red, size_t width, uint8_t *restrict pixels)
{
    for (size_t x = 0; x < width; x++) {
        const int y = luma[x], b = blue[x] - 128, r = red[x] - 128;
        pixels[3 * x] = clamp(y + ((91881 * r + 32768) >> 16));
        pixels[3 * x + 1] = clamp(y + ((-22554 * b - 46802 * r + 32768) >> 16));
        pixels[3 * x + 2] = clamp(y + ((116130 * b + 32768) >> 16));
    }
}

/* libjpeg has no triangle for so few samples: it repeats them. */
enum { FEWEST_FOR_TRIANGLE = 3 };

static void repeat_row(const uint8_t *restrict half_row, size_t half, uint8_t *restrict row)
{
    for (size_t x = 0; x < half; x++) {
        row[2 * x] = row[2 * x + 1] = half_row[x];
    }
}

struct chroma {
    const uint8_t *plane;
    size_t wide;
    uint8_t *row;
};

/* Row `y` of a chroma component at full size. */
static const uint8_t *chroma_row(
    const struct jpeg_shape *shape, const struct chroma *chroma, size_t y, int *sums)
{
    if (!shape->halved) {
        return chroma->plane + y * chroma->wide;
    }
    const size_t half_height = (shape->height + 1) / 2, half_width = (shape->width + 1) / 2;
    const size_t near = y / 2;
    size_t far = near;
    if (half_width < FEWEST_FOR_TRIANGLE) {
        repeat_row(chroma->plane + near * chroma->wide, half_width, chroma->row);
        return chroma->row;
    }
    if (y % 2 == 0 && near > 0) {
        far = near - 1;
    } else if (y % 2 == 1 && near + 1 < half_height) {
        far = near + 1;
    }
    upsample_row(chroma->plane + near * chroma->wide, chroma->plane + far * chroma->wide,
        half_width, sums, chroma->row);
    return chroma->row;
}

static void assemble(const struct jpeg_shape *shape, const uint8_t *luma, size_t wide,
    const struct chroma chroma[2], int *sums, uint8_t *pixels)
{
    for (size_t y = 0; y < shape->height; y++) {
        uint8_t *const row = pixels + y * shape->width * shape->components;
        if (shape->components == 1) {
            for (size_t x = 0; x < shape->width; x++) {
                row[x] = luma[y * wide + x];
            }
            continue;
        }
        const uint8_t *const blue = chroma_row(shape, &chroma[0], y, sums);
        const uint8_t *const red = chroma_row(shape, &chroma[1], y, sums);
        colour_row(luma + y * wide, blue, red, shape->width, row);
    }
}

int leanpix_jpeg_inverse(const struct jpeg_shape *shape, const int16_t *luma, const int16_t *blue,
    const int16_t *red, const float *tables, uint8_t *pixels)
{
    const size_t wide = jpeg_samples_wide(shape, 0), high = jpeg_samples_high(shape, 0);
    const size_t chroma_wide = jpeg_samples_wide(shape, 1);
    const size_t chroma_high = jpeg_samples_high(shape, 1);
    const size_t chroma_plane = shape->components == 1 ? 0 : chroma_wide * chroma_high;
    const size_t row = wide + 2;
    uint8_t *const planes = malloc(wide * high + 2 * chroma_plane + 2 * row);
    int *const sums = malloc((wide / 2 + 2) * sizeof *sums);

    if (planes == NULL || sums == NULL) {
        free(planes);
        free(sums);
        return LEANPIX_OUT_OF_MEMORY;
    }
    uint8_t *const first = planes + wide * high, *const second = first + chroma_plane;
    uint8_t *const rows = second + chroma_plane;
    const struct chroma chroma[2]
        = {{first, chroma_wide, rows}, {second, chroma_wide, rows + row}};
    render(luma, tables, wide, high, planes);
    if (shape->components > 1) {
        render(blue, tables + JPEG_BLOCK, chroma_wide, chroma_high, first);
        render(red, tables + JPEG_BLOCK, chroma_wide, chroma_high, second);
    }
    assemble(shape, planes, wide, chroma, sums, pixels);
    free(planes);
    free(sums);
    return LEANPIX_OK;
}
