#include "metric/blur.h"

#include "arithmetic.h"

/* By their distance from the middle; they sum to 1. */
static const float taps[BLUR_RADIUS + 1] = {
    0.26601171F, 0.21300554F, 0.10936069F, 0.036000773F, 0.007598758F, 0.0010283801F,
};

size_t blur_mirrored(size_t row, int offset, size_t height)
{
    const ptrdiff_t last = (ptrdiff_t)height - 1;
    ptrdiff_t at = (ptrdiff_t)row + offset;

    if (at < 0) {
        at = -1 - at;
    } else if (at > last) {
        at = 2 * last + 1 - at;
    }
    return (size_t)(at < 0 ? 0 : at > last ? last : at);
}

void blur_columns(const float *const first[BLUR_TAPS], const float *const second[BLUR_TAPS],
    size_t width, float *restrict mean, float *restrict square, float *restrict product)
{
    /* Each sum waits for the last addition to it; two vectors at a time wait together. */
#pragma clang loop interleave_count(2)
    for (size_t x = 0; x < width; x++) {
        float sum = 0.0F, square_sum = 0.0F, product_sum = 0.0F;
#pragma clang loop unroll(full)
        for (int tap = 0; tap < BLUR_TAPS; tap++) {
            const float weight = taps[tap < BLUR_RADIUS ? BLUR_RADIUS - tap : tap - BLUR_RADIUS];
            const float value = first[tap][x];
            const float weighted = weight * value;
            sum += weighted;
            square_sum = multiply_add(weighted, value, square_sum);
            product_sum = multiply_add(weighted, second[tap][x], product_sum);
        }
        mean[x] = sum;
        square[x] = square_sum;
        product[x] = product_sum;
    }
}

void blur_row(const float *restrict row, size_t width, float *restrict blurred)
{
    for (size_t x = 0; x < width; x++) {
        float sum = row[x + BLUR_RADIUS] * taps[0];
#pragma clang loop unroll(full)
        for (size_t away = 1; away <= BLUR_RADIUS; away++) {
            sum = multiply_add(
                row[x + BLUR_RADIUS - away] + row[x + BLUR_RADIUS + away], taps[away], sum);
        }
        blurred[x] = sum;
    }
}
