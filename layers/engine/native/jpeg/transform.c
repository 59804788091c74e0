#include "jpeg/transform.h"

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

/* As a product of matrices: more operations than the fast forms, but all of them alike, which
 * compilers turn into vectors. */
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

/* C. Loeffler, A. Ligtenberg and G. Moschytz, "Practical fast 1-D DCT algorithms with 11
 * multiplications", ICASSP 1989, in 13 bits of fraction. All of it is exact in integers but the
 * shift at the end, so whoever uses these constants comes to the same result. */
enum {
    FRACTION = 13,
    /* Bits that the first pass leaves for the second. */
    KEPT = 2,
    FIRST_SHIFT = FRACTION - KEPT,
    /* Both passes together are 8 times too large. */
    SECOND_SHIFT = FRACTION + KEPT + 3,
};

/* One pass down the columns, every lane of which is the same computation. */
static inline void inverse_pass(
    int32_t in[JPEG_SIDE][JPEG_SIDE], int32_t out[JPEG_SIDE][JPEG_SIDE], int shift)
{
    const int32_t half = 1 << (shift - 1);

    for (size_t lane = 0; lane < JPEG_SIDE; lane++) {
        const int32_t x0 = in[0][lane], x1 = in[1][lane], x2 = in[2][lane], x3 = in[3][lane];
        const int32_t x4 = in[4][lane], x5 = in[5][lane], x6 = in[6][lane], x7 = in[7][lane];
        const int32_t turned = (x2 + x6) * 4433;
        const int32_t near = turned + x2 * 6270, far = turned - x6 * 15137;
        const int32_t sum = (x0 + x4) * (1 << FRACTION) + half;
        const int32_t gap = (x0 - x4) * (1 << FRACTION) + half;
        const int32_t even[4] = {sum + near, gap + far, gap - far, sum - near};
        const int32_t all = (x1 + x3 + x5 + x7) * 9633;
        const int32_t outer = (x1 + x7) * -7373, inner = (x3 + x5) * -20995;
        const int32_t upper = (x3 + x7) * -16069 + all, lower = (x1 + x5) * -3196 + all;
        const int32_t odd[4] = {
            x1 * 12299 + outer + lower,
            x3 * 25172 + inner + upper,
            x5 * 16819 + inner + lower,
            x7 * 2446 + outer + upper,
        };
        for (size_t row = 0; row < 4; row++) {
            out[row][lane] = (even[row] + odd[row]) >> shift;
            out[7 - row][lane] = (even[row] - odd[row]) >> shift;
        }
    }
}

static inline void transpose_integers(
    int32_t matrix[JPEG_SIDE][JPEG_SIDE], int32_t transposed[JPEG_SIDE][JPEG_SIDE])
{
    for (size_t row = 0; row < JPEG_SIDE; row++) {
        for (size_t column = 0; column < JPEG_SIDE; column++) {
            transposed[column][row] = matrix[row][column];
        }
    }
}

void jpeg_cosine_inverse(
    int32_t coefficients[JPEG_SIDE][JPEG_SIDE], int32_t samples[JPEG_SIDE][JPEG_SIDE])
{
    int32_t first[JPEG_SIDE][JPEG_SIDE], second[JPEG_SIDE][JPEG_SIDE];

    inverse_pass(coefficients, first, FIRST_SHIFT);
    transpose_integers(first, second);
    inverse_pass(second, first, SECOND_SHIFT);
    transpose_integers(first, samples);
}
