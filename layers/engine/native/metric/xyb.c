#include "metric/xyb.h"

#include <stdint.h>
#include <string.h>

#include "arithmetic.h"

/* Opsin absorbance and bias (ISO 18181-1, annex L). */
static const float absorbance[3][3] = {
    {0.30F, 0.622F, 0.078F},
    {0.23F, 0.692F, 0.078F},
    {0.24342268924547819F, 0.20476744424496821F, 0.5518098665095536F},
};
static const float bias = 0.0037930732552754493F;
static const float cube_root_of_bias = 0.15595420054924863F;

/* The cube root of a number above 0.001, as x y^2 where y is the inverse cube root: Newton's
 * iteration for that one needs no division. The first guess divides the exponent, which the bits
 * of a float hold as its logarithm, by -3 and is 4 % off at most; three steps leave 1e-7. The
 * third of the bits is taken in floats: vectors have no quick division of integers. */
static inline float cube_root(float x)
{
    int32_t bits;
    float inverse;

    memcpy(&bits, &x, sizeof bits);
    bits = 0x54a21d2a - (int32_t)((float)bits * (1.0F / 3.0F));
    memcpy(&inverse, &bits, sizeof inverse);
    for (int step = 0; step < 3; step++) {
        const float cube = inverse * inverse * inverse;
        inverse *= multiply_add(x * (-1.0F / 3.0F), cube, 4.0F / 3.0F);
    }
    return x * inverse * inverse;
}

/* The response of one kind of cone. */
static void respond(const float *const linear[3], size_t width, const float weights[3],
    float *restrict cone)
{
    const float *restrict red = linear[0];
    const float *restrict green = linear[1];
    const float *restrict blue = linear[2];
    const float of_red = weights[0], of_green = weights[1], of_blue = weights[2];

    for (size_t x = 0; x < width; x++) {
        const float mixed = multiply_add(
            blue[x], of_blue, multiply_add(green[x], of_green, multiply_add(red[x], of_red, bias)));
        cone[x] = cube_root(mixed) - cube_root_of_bias;
    }
}

void xyb_of_row(
    const float *const linear[3], size_t width, float *cones, float *const rows[XYB_CHANNELS])
{
    float *restrict long_cone = cones;
    float *restrict middle_cone = cones + width;
    float *restrict short_cone = cones + 2 * width;
    float *restrict x_row = rows[XYB_X];
    float *restrict y_row = rows[XYB_Y];
    float *restrict b_row = rows[XYB_B];

    respond(linear, width, absorbance[0], long_cone);
    respond(linear, width, absorbance[1], middle_cone);
    if (x_row != NULL) {
        for (size_t x = 0; x < width; x++) {
            x_row[x] = (long_cone[x] - middle_cone[x]) * 7.0F + 0.42F;
        }
    }
    if (y_row != NULL) {
        for (size_t x = 0; x < width; x++) {
            y_row[x] = (long_cone[x] + middle_cone[x]) * 0.5F + 0.01F;
        }
    }
    if (b_row != NULL) {
        respond(linear, width, absorbance[2], short_cone);
        for (size_t x = 0; x < width; x++) {
            b_row[x] = short_cone[x] - (long_cone[x] + middle_cone[x]) * 0.5F + 0.55F;
        }
    }
}
