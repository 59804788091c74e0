#include "jpeg_transform.h"

#include "arithmetic.h"

const uint8_t jpeg_zigzag[JPEG_BLOCK] = {
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
};

/* Row u, column x: half the cosine of (2 x + 1) u pi / 16; the first row by sqrt(1/2) less. */
static const float cosines[JPEG_SIDE][JPEG_SIDE] = {
    {0.353553391F, 0.353553391F, 0.353553391F, 0.353553391F,
        0.353553391F, 0.353553391F, 0.353553391F, 0.353553391F},
    {0.49039264F, 0.415734806F, 0.277785117F, 0.097545161F,
        -0.097545161F, -0.277785117F, -0.415734806F, -0.49039264F},
    {0.461939766F, 0.191341716F, -0.191341716F, -0.461939766F,
        -0.461939766F, -0.191341716F, 0.191341716F, 0.461939766F},
    {0.415734806F, -0.097545161F, -0.49039264F, -0.277785117F,
        0.277785117F, 0.49039264F, 0.097545161F, -0.415734806F},
    {0.353553391F, -0.353553391F, -0.353553391F, 0.353553391F,
        0.353553391F, -0.353553391F, -0.353553391F, 0.353553391F},
    {0.277785117F, -0.49039264F, 0.097545161F, 0.415734806F,
        -0.415734806F, -0.097545161F, 0.49039264F, -0.277785117F},
    {0.191341716F, -0.461939766F, 0.461939766F, -0.191341716F,
        -0.191341716F, 0.461939766F, -0.461939766F, 0.191341716F},
    {0.097545161F, -0.277785117F, 0.415734806F, -0.49039264F,
        0.49039264F, -0.415734806F, 0.277785117F, -0.097545161F},
};

static size_t rounded_up(size_t value, size_t unit)
{
    return (value + unit - 1) / unit * unit;
}

static size_t samples_of(size_t side, size_t halved, size_t component)
{
    const size_t full = rounded_up(side, halved ? 2 * JPEG_SIDE : JPEG_SIDE);

    return halved && component > 0 ? full / 2 : full;
}

size_t jpeg_samples_wide(const struct jpeg_shape *shape, size_t component)
{
    return samples_of(shape->width, shape->halved, component);
}

size_t jpeg_samples_high(const struct jpeg_shape *shape, size_t component)
{
    return samples_of(shape->height, shape->halved, component);
}

/* `left` times `right`; the transposed of `left` times `right`. */
static inline void multiply(const float left[JPEG_SIDE][JPEG_SIDE],
    const float right[JPEG_SIDE][JPEG_SIDE], float product[JPEG_SIDE][JPEG_SIDE])
{
    for (size_t row = 0; row < JPEG_SIDE; row++) {
        float sums[JPEG_SIDE] = {0};
        for (size_t inner = 0; inner < JPEG_SIDE; inner++) {
            for (size_t column = 0; column < JPEG_SIDE; column++) {
                sums[column] = multiply_add(left[row][inner], right[inner][column], sums[column]);
            }
        }
        for (size_t column = 0; column < JPEG_SIDE; column++) {
            product[row][column] = sums[column];
        }
    }
}

static inline void transpose(
    const float matrix[JPEG_SIDE][JPEG_SIDE], float transposed[JPEG_SIDE][JPEG_SIDE])
{
    for (size_t row = 0; row < JPEG_SIDE; row++) {
        for (size_t column = 0; column < JPEG_SIDE; column++) {
            transposed[column][row] = matrix[row][column];
        }
    }
}

void jpeg_cosine_forward(
    const float samples[JPEG_SIDE][JPEG_SIDE], float coefficients[JPEG_SIDE][JPEG_SIDE])
{
    float across[JPEG_SIDE][JPEG_SIDE], transposed[JPEG_SIDE][JPEG_SIDE];

    transpose(cosines, transposed);
    multiply(cosines, samples, across);
    multiply(across, transposed, coefficients);
}

void jpeg_cosine_inverse(
    const float coefficients[JPEG_SIDE][JPEG_SIDE], float samples[JPEG_SIDE][JPEG_SIDE])
{
    float across[JPEG_SIDE][JPEG_SIDE], transposed[JPEG_SIDE][JPEG_SIDE];

    transpose(cosines, transposed);
    multiply(transposed, coefficients, across);
    multiply(across, cosines, samples);
}
