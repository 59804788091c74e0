/* The Huffman symbols of AC coefficients (T.81, F.1.2.2): how many zeros, and how many bits. */

#ifndef LEANPIX_JPEG_SYMBOLS_H
#define LEANPIX_JPEG_SYMBOLS_H

enum { JPEG_LONGEST_RUN = 15, JPEG_RUN_OF_16 = 0xF0 };

static inline unsigned jpeg_magnitude_of(int value)
{
    return (unsigned)(value < 0 ? -value : value);
}

static inline int jpeg_bit_length(unsigned magnitude)
{
    return magnitude ? 32 - __builtin_clz(magnitude) : 0;
}

#endif
