#include "jpeg/scans.h"

#include <string.h>

#include "jpeg/symbols.h"

enum { MOST_BLOCKS = 0x7FFF };

/* Counts symbols, or writes them. Functions that take a coder are inlined into both uses, and each
 * keeps only what it needs. */
struct coder {
    struct jpeg_statistics *statistics; /* NULL when writing */
    const struct jpeg_codes *codes;
    struct jpeg_sink *sink;
};

/* A run of blocks that each end with an end of block (T.81, G.1.2.2). */
struct eob_run {
    unsigned count;
    /* The run covers the block at `block` from the position `from` on, and all later blocks: a
     * refinement scan writes their correction bits behind the run's length. */
    size_t block;
    int from;
};

#define INLINED static inline __attribute__((always_inline))

/* The positions from `first` to `last`. */
INLINED uint64_t band_of(int first, int last)
{
    return (~UINT64_C(0) << first) & (~UINT64_C(0) >> (63 - last));
}

static void flush(struct jpeg_sink *sink)
{
    for (; sink->pending >= 8; sink->pending -= 8) {
        const uint8_t byte = (uint8_t)(sink->bits >> (sink->pending - 8));
        if (sink->end - sink->next < 2) {
            sink->full = 1;
            sink->pending = 0;
            return;
        }
        *sink->next++ = byte;
        if (byte == 0xFF) {
            *sink->next++ = 0; /* else it would begin a marker */
        }
    }
}

void jpeg_sink_finish(struct jpeg_sink *sink)
{
    flush(sink);
    if (sink->pending > 0) {
        const int missing = 8 - sink->pending;
        sink->bits = (sink->bits << missing) | ((UINT64_C(1) << missing) - 1);
        sink->pending = 8;
        flush(sink);
    }
}

/* Put at most 32 bits. */
INLINED void put_bits(const struct coder *coder, uint64_t value, int length)
{
    if (coder->statistics) {
        coder->statistics->extra_bits += (uint64_t)length;
        return;
    }
    struct jpeg_sink *const sink = coder->sink;
    sink->bits = (sink->bits << length) | (value & ((UINT64_C(1) << length) - 1));
    sink->pending += length;
    if (sink->pending >= 32) {
        flush(sink);
    }
}

/* Put a symbol and the `size` bits that belong to it. */
INLINED void put(const struct coder *coder, int symbol, unsigned value, int size)
{
    if (coder->statistics) {
        coder->statistics->counts[symbol]++;
        coder->statistics->extra_bits += (uint64_t)size;
        return;
    }
    const int length = coder->codes->lengths[symbol];
    const uint64_t code = coder->codes->codes[symbol];
    put_bits(coder, code << size | (value & ((1U << size) - 1U)), length + size);
}

/* Put the correction bits of the coefficients in `nonzero`: their bit `level`. */
INLINED void put_corrections(
    const struct coder *coder, const int16_t *block, uint64_t nonzero, int level)
{
    if (coder->statistics) {
        coder->statistics->extra_bits += (uint64_t)__builtin_popcountll(nonzero);
        return;
    }
    for (; nonzero; nonzero &= nonzero - 1) {
        put_bits(coder, jpeg_magnitude_of(block[__builtin_ctzll(nonzero)]) >> level, 1);
    }
}

/* Put an EOB run and, in a refinement scan, the correction bits of its blocks. */
INLINED void put_eob_run(const struct coder *coder, const struct jpeg_plane *plane,
    const struct jpeg_scan *scan, struct eob_run *eob_run)
{
    if (eob_run->count == 0) {
        return;
    }
    const int size = jpeg_bit_length(eob_run->count) - 1;
    put(coder, size << 4, eob_run->count, size);
    if (scan->refines && !coder->statistics) {
        size_t block = eob_run->block;
        uint64_t band = band_of(eob_run->from, scan->last);
        for (unsigned left = eob_run->count; left > 0; left--) {
            put_corrections(coder, plane->coefficients + block * JPEG_BLOCK,
                plane->nonzero[scan->low + 1][block] & band, scan->low);
            band = band_of(scan->first, scan->last);
            block++;
            if (block % plane->stride == plane->wide) {
                block += plane->stride - plane->wide;
            }
        }
    }
    eob_run->count = 0;
}

/* End the block at position `from`: it has nothing but zeros or, in a refinement scan, correction
 * bits from there on. */
INLINED void end_block(const struct coder *coder, const struct jpeg_plane *plane,
    const struct jpeg_scan *scan, struct eob_run *eob_run, size_t block, int from)
{
    if (eob_run->count == 0) {
        eob_run->block = block;
        eob_run->from = from;
    }
    eob_run->count++;
    if (scan->refines && coder->statistics) {
        const uint64_t known = plane->nonzero[scan->low + 1][block] & band_of(from, scan->last);
        coder->statistics->extra_bits += (uint64_t)__builtin_popcountll(known);
    }
    if (eob_run->count == MOST_BLOCKS) {
        put_eob_run(coder, plane, scan, eob_run);
    }
}

/* Code a block in the first scan of these positions (T.81, G.1.2.2). */
INLINED void code_first(const struct coder *coder, const int16_t *coefficients, uint64_t nonzero,
    const struct jpeg_scan *scan)
{
    int next = scan->first;

    for (; nonzero; nonzero &= nonzero - 1) {
        const int position = __builtin_ctzll(nonzero), value = coefficients[position];
        int run = position - next;
        for (; run > JPEG_LONGEST_RUN; run -= JPEG_LONGEST_RUN + 1) {
            put(coder, JPEG_RUN_OF_16, 0, 0);
        }
        const unsigned magnitude = jpeg_magnitude_of(value) >> scan->low;
        const int size = jpeg_bit_length(magnitude);
        put(coder, (run << 4) | size, value < 0 ? ~magnitude : magnitude, size);
        next = position + 1;
    }
}

/* Code a block in a refinement scan (T.81, G.1.2.3) up to its last coefficient that is new. A new
 * one has a sign; a known one has a correction bit, behind the symbol in whose run it lies. */
INLINED void code_refinement(const struct coder *coder, const int16_t *coefficients,
    uint64_t nonzero, uint64_t known, const struct jpeg_scan *scan)
{
    uint64_t passed = 0;
    int next = scan->first, run = 0;

    for (; nonzero; nonzero &= nonzero - 1) {
        const int position = __builtin_ctzll(nonzero);
        run += position - next;
        next = position + 1;
        for (; run > JPEG_LONGEST_RUN; run -= JPEG_LONGEST_RUN + 1) {
            put(coder, JPEG_RUN_OF_16, 0, 0);
            put_corrections(coder, coefficients, passed, scan->low);
            passed = 0;
        }
        const uint64_t here = UINT64_C(1) << position;
        if (known & here) {
            passed |= here;
            continue;
        }
        put(coder, (run << 4) | 1, coefficients[position] > 0, 1);
        put_corrections(coder, coefficients, passed, scan->low);
        passed = 0;
        run = 0;
    }
}

INLINED void code_block(const struct coder *coder, const struct jpeg_plane *plane,
    const struct jpeg_scan *scan, size_t block, struct eob_run *eob_run)
{
    const int16_t *const coefficients = plane->coefficients + block * JPEG_BLOCK;
    const uint64_t nonzero = plane->nonzero[scan->low][block] & band_of(scan->first, scan->last);
    const uint64_t known = scan->refines ? plane->nonzero[scan->low + 1][block] : 0;
    const uint64_t fresh = nonzero & ~known;
    int from = scan->first;

    if (fresh) {
        from = 64 - __builtin_clzll(fresh);
        put_eob_run(coder, plane, scan, eob_run);
        if (scan->refines) {
            code_refinement(coder, coefficients, nonzero & band_of(0, from - 1), known, scan);
        } else {
            code_first(coder, coefficients, nonzero, scan);
        }
    }
    if (from <= scan->last) {
        end_block(coder, plane, scan, eob_run, block, from);
    }
}

INLINED void code_scan(const struct coder *coder, const struct jpeg_plane *plane,
    const struct jpeg_scan *scan, size_t step)
{
    struct eob_run eob_run = {0};

    for (size_t y = 0; y < plane->high; y += step) {
        for (size_t x = 0; x < plane->wide; x++) {
            code_block(coder, plane, scan, y * plane->stride + x, &eob_run);
        }
    }
    put_eob_run(coder, plane, scan, &eob_run);
}

void jpeg_count_scan(const struct jpeg_plane *plane, const struct jpeg_scan *scan, size_t step,
    struct jpeg_statistics *statistics)
{
    const struct coder coder = {.statistics = statistics};

    code_scan(&coder, plane, scan, step);
}

void jpeg_write_scan(const struct jpeg_plane *plane, const struct jpeg_scan *scan,
    const struct jpeg_codes *codes, struct jpeg_sink *sink)
{
    const struct coder coder = {.codes = codes, .sink = sink};

    code_scan(&coder, plane, scan, 1);
}

/* Code the difference to the DC coefficient of the block before (T.81, F.1.2.1). */
INLINED void code_difference(const struct coder *coder, int difference)
{
    const int size = jpeg_bit_length(jpeg_magnitude_of(difference));

    put(coder, size, (unsigned)(difference < 0 ? difference - 1 : difference), size);
}

void jpeg_count_dc(const struct jpeg_plane *plane, struct jpeg_statistics *statistics)
{
    const struct coder coder = {.statistics = statistics};
    int before = 0;

    for (size_t y = 0; y < plane->high; y++) {
        for (size_t x = 0; x < plane->wide; x++) {
            const int value = plane->coefficients[(y * plane->stride + x) * JPEG_BLOCK];
            code_difference(&coder, value - before);
            before = value;
        }
    }
}

void jpeg_write_dc(const struct jpeg_plane *planes, size_t components,
    const struct jpeg_codes *const *codes, struct jpeg_sink *sink)
{
    int before[JPEG_COMPONENTS] = {0};

    for (size_t y = 0; y < planes->high; y++) {
        for (size_t x = 0; x < planes->wide; x++) {
            for (size_t component = 0; component < components; component++) {
                const struct coder coder = {.codes = codes[component], .sink = sink};
                const size_t block = y * planes->stride + x;
                const int value = planes[component].coefficients[block * JPEG_BLOCK];
                code_difference(&coder, value - before[component]);
                before[component] = value;
            }
        }
    }
}

/* Four coefficients at a time, for most are zero. */
void jpeg_find_nonzero(const struct jpeg_plane *plane)
{
    const size_t blocks = plane->stride * plane->high;

    for (size_t block = 0; block < blocks; block++) {
        const int16_t *const coefficients = plane->coefficients + block * JPEG_BLOCK;
        uint64_t found[JPEG_LEVELS] = {0};
        for (int group = 0; group < JPEG_BLOCK; group += 4) {
            uint64_t four;
            memcpy(&four, coefficients + group, sizeof four);
            if (four == 0) {
                continue;
            }
            for (int position = group ? group : 1; position < group + 4; position++) {
                const unsigned magnitude = jpeg_magnitude_of(coefficients[position]);
                for (int level = 0; level < JPEG_LEVELS; level++) {
                    found[level] |= (uint64_t)(magnitude >> level != 0) << position;
                }
            }
        }
        for (int level = 0; level < JPEG_LEVELS; level++) {
            plane->nonzero[level][block] = found[level];
        }
    }
}
