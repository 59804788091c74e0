/* The discrete cosine transform of 8 x 8 samples (T.81, A.3.3), as products of matrices: more
 * operations than the fast forms, but all of them alike, which compilers turn into vectors. */

#ifndef LEANPIX_JPEG_TRANSFORM_H
#define LEANPIX_JPEG_TRANSFORM_H

#include "jpeg.h"

void jpeg_cosine_forward(
    const float samples[JPEG_SIDE][JPEG_SIDE], float coefficients[JPEG_SIDE][JPEG_SIDE]);

void jpeg_cosine_inverse(
    const float coefficients[JPEG_SIDE][JPEG_SIDE], float samples[JPEG_SIDE][JPEG_SIDE]);

#endif
