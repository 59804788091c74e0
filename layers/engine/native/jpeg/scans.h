/* The scans of a progressive JPEG (T.81, annex G): what is in them, counted or written. */

#ifndef LEANPIX_JPEG_SCANS_H
#define LEANPIX_JPEG_SCANS_H

#include "jpeg/jpeg.h"
#include "jpeg/huffman.h"

/* The numbers of lowest bits of AC coefficients, 0 included, that refinement scans may have. */
enum { JPEG_LEVELS = 4 };

/* One component's blocks, without those that only fill up a minimum coded unit: scans of one
 * component leave them out (T.81, A.2.2). `stride` is the blocks of a row with them. */
struct jpeg_plane {
    const int16_t *coefficients;
    size_t wide, high, stride;
    /* By level and block, one bit for each position: whether the AC coefficient there, divided by
     * 2^level and rounded towards zero, is not zero. */
    uint64_t *nonzero[JPEG_LEVELS];
};

/* A scan of AC coefficients: positions `first` to `last` of one component, their bits from `low`
 * up. A refinement scan has the bit `low` alone, of what earlier scans had the higher bits of. */
struct jpeg_scan {
    size_t component;
    int first, last, low, refines;
};

enum { JPEG_MOST_SCANS = 32 };

/* The output of bits; `full` once there was no room for them. */
struct jpeg_sink {
    uint8_t *next;
    const uint8_t *end;
    uint64_t bits;
    int pending, full;
};

/* Fill `nonzero`, which has room for all blocks. */
void jpeg_find_nonzero(const struct jpeg_plane *plane);

/* Count the symbols of a scan of AC coefficients, in every `step`th row of blocks. */
void jpeg_count_scan(const struct jpeg_plane *plane, const struct jpeg_scan *scan, size_t step,
    struct jpeg_statistics *statistics);
void jpeg_write_scan(const struct jpeg_plane *plane, const struct jpeg_scan *scan,
    const struct jpeg_codes *codes, struct jpeg_sink *sink);

/* DC coefficients, whole. Those of two components alternate, which must be of one size. */
void jpeg_count_dc(const struct jpeg_plane *plane, struct jpeg_statistics *statistics);
void jpeg_write_dc(const struct jpeg_plane *planes, size_t components,
    const struct jpeg_codes *const *codes, struct jpeg_sink *sink);

/* The last byte of a scan, filled with ones. */
void jpeg_sink_finish(struct jpeg_sink *sink);

/* Appends the scans that need the least bits for all AC coefficients of components that are alike,
 * the same for each. The new number of scans. */
size_t jpeg_choose_scans(const struct jpeg_plane *planes, size_t component, size_t components,
    struct jpeg_scan *scans, size_t count);

/* The same from more of them, for the fine steps of files that cameras write: some more bits are
 * left to later scans, of several bands together. Takes three times as long. */
size_t jpeg_choose_scans_thoroughly(const struct jpeg_plane *planes, size_t component,
    size_t components, struct jpeg_scan *scans, size_t count);

#endif
