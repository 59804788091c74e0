/* The discrete cosine transform of 8 x 8 samples (T.81, A.3.3), forward and inverse. */

#ifndef LEANPIX_JPEG_TRANSFORM_H
#define LEANPIX_JPEG_TRANSFORM_H

#include "jpeg/jpeg.h"

void jpeg_cosine_forward(
    const float samples[JPEG_SIDE][JPEG_SIDE], float coefficients[JPEG_SIDE][JPEG_SIDE]);

/* Bit for bit what libjpeg and libjpeg-turbo decode to by default ("islow"). `coefficients` are
 * dequantized; `samples` lie around zero and are not clamped. */
void jpeg_cosine_inverse(
    int32_t coefficients[JPEG_SIDE][JPEG_SIDE], int32_t samples[JPEG_SIDE][JPEG_SIDE]);

#endif
