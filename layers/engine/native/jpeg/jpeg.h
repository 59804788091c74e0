/* JPEG (ITU-T T.81) from pixels to coefficients, from coefficients to pixels, and to bits.
 *
 * The quality is searched for before any file exists: `leanpix_jpeg_inverse` makes the pixels that
 * a decoder would make of the quantized coefficients. A picture is (height, width, channels) of
 * bytes, gray or sRGB. Its components, Y alone or Y, Cb and Cr, are arrays of blocks, row by row,
 * of 64 coefficients in zigzag order; every row and column of blocks is filled up to a whole
 * minimum coded unit. */

#ifndef LEANPIX_JPEG_H
#define LEANPIX_JPEG_H

#include <stddef.h>
#include <stdint.h>

#include "leanpix.h"

enum {
    JPEG_SIDE = 8,
    JPEG_BLOCK = 64,
    JPEG_COMPONENTS = 3,
    JPEG_SYMBOLS = 256,
    JPEG_LONGEST_CODE = 16,
};

/* Size, number of components, and whether chroma has half of the samples in both directions. */
struct jpeg_shape {
    size_t height, width, components, halved;
};

/* The index in a block, row by row, of each position of the zigzag order. */
extern const uint8_t jpeg_zigzag[JPEG_BLOCK];

/* Samples in a row of minimum coded units, and rows of samples, of one component. */
size_t jpeg_samples_wide(const struct jpeg_shape *shape, size_t component);
size_t jpeg_samples_high(const struct jpeg_shape *shape, size_t component);

/* Pixels to coefficients that are not quantized yet. Unused components are NULL. */
LEANPIX_EXPORT int leanpix_jpeg_forward(const struct jpeg_shape *shape, const uint8_t *pixels,
    float *luma, float *blue, float *red);

/* A quantizer. Errors count in steps of the table; a bit costs
 * `bit_weight * ((activity + masking_knee) / masking_scale) ^ masking_power` of their squares,
 * `activity` being the mean square of the block without its mean. */
struct jpeg_quantizer {
    float bit_weight, masking_knee, masking_scale, masking_power;
    float table[JPEG_BLOCK];
    float symbol_bits[JPEG_SYMBOLS];
};

/* The quantized values that cost least in error and bits together (trellis quantization).
 * `counts` receives how often each AC symbol occurs. */
LEANPIX_EXPORT int leanpix_jpeg_quantize(const struct jpeg_quantizer *quantizer,
    const float *coefficients, size_t blocks, int16_t *quantized, int64_t *counts);

/* The pixels that libjpeg's decoder makes of it. `tables` is (2, 64): of luma, of chroma. */
LEANPIX_EXPORT int leanpix_jpeg_inverse(const struct jpeg_shape *shape, const int16_t *luma,
    const int16_t *blue, const int16_t *red, const float *tables, uint8_t *pixels);

/* All scans of a progressive JPEG with their Huffman tables: what is between its frame header and
 * its end. LEANPIX_NO_ROOM if `capacity` bytes do not hold it. */
LEANPIX_EXPORT int leanpix_jpeg_write(const struct jpeg_shape *shape, const int16_t *luma,
    const int16_t *blue, const int16_t *red, uint8_t *scans, size_t capacity, size_t *written);

/* The components of a file that is read: their ids, and their blocks without those that only fill
 * up a minimum coded unit. A unit has `across` x `down` blocks of luma and one of each chroma. */
struct jpeg_layout {
    size_t components, across, down;
    size_t wide[JPEG_COMPONENTS], high[JPEG_COMPONENTS];
    uint8_t ids[JPEG_COMPONENTS];
};

/* A Huffman table as a file lists it: codes of 1 bit, of 2 bits, ...; then their symbols. */
struct jpeg_source_table {
    uint8_t of_length[JPEG_LONGEST_CODE], listed[JPEG_SYMBOLS];
};

/* One scan of a progressive file: the DC coefficients of the `chosen` components, whole, where
 * `last` is 0; else of one of them positions `first` to `last`, their bits from `low` up; with
 * `refines`, the bit `low` alone. */
struct jpeg_source_scan {
    size_t components, chosen[JPEG_COMPONENTS];
    uint32_t first, last, low, refines;
    struct jpeg_source_table tables[JPEG_COMPONENTS];
};

/* Adds what a scan says to coefficients, which are zero before the first; they have no blocks that
 * only fill up. `bytes` are the scan's without the zeros that are stuffed behind 0xFF. Whatever
 * they are, no coefficient leaves the range that 8-bit samples need; LEANPIX_BROKEN unless they
 * say exactly one scan. */
LEANPIX_EXPORT int leanpix_jpeg_read(const struct jpeg_layout *layout,
    const struct jpeg_source_scan *scan, const uint8_t *bytes, size_t count, int16_t *luma,
    int16_t *blue, int16_t *red);

/* As leanpix_jpeg_write does it, from coefficients that were read. */
LEANPIX_EXPORT int leanpix_jpeg_rewrite(const struct jpeg_layout *layout, const int16_t *luma,
    const int16_t *blue, const int16_t *red, uint8_t *scans, size_t capacity, size_t *written);

#endif
