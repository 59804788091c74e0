/* JPEG XL's XYB colours, shifted so that they are positive, as SSIMULACRA2 takes them. */

#ifndef LEANPIX_XYB_H
#define LEANPIX_XYB_H

#include <stddef.h>

enum { XYB_X, XYB_Y, XYB_B, XYB_CHANNELS };

/* One row of `width` pixels of linear light into rows of X, Y and B; a NULL row is not wanted.
 * `cones` is room for three rows. */
void xyb_of_row(
    const float *const linear[3], size_t width, float *cones, float *const rows[XYB_CHANNELS]);

#endif
