#include "jpeg/scans.h"

#include <string.h>

#include "jpeg/symbols.h"

enum { MOST_BANDS = 0x7FFF };

/* Either counts or writes. Functions that take one are inlined into both, and lose what the other
 * needs. */
struct coder {
    struct jpeg_statistics *statistics; /* NULL when writing */
    const struct jpeg_codes *codes;
    struct jpeg_sink *sink;
};

/* Blocks that end with nothing but zeros, one after the other. */
struct ended {
    unsigned count;
    /* The places from `from` of the block at `block` and all of the later ones are in it: a
     * scan that refines has their bits behind the count. */
    size_t block;
    int from;
};

#define INLINED static inline __attribute__((always_inline))

/* The places from `first` to `last`. */
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

/* At most 32 bits. */
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

/* A symbol, and `size` bits that belong to it. */
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

/* The bits `level` of all coefficients in `places`, whose higher bits are known. */
INLINED void put_corrections(
    const struct coder *coder, const int16_t *block, uint64_t places, int level)
{
    if (coder->statistics) {
        coder->statistics->extra_bits += (uint64_t)__builtin_popcountll(places);
        return;
    }
    for (; places; places &= places - 1) {
        put_bits(coder, jpeg_magnitude_of(block[__builtin_ctzll(places)]) >> level, 1);
    }
}

/* How many blocks have ended, and what a scan that refines has to say of them. */
INLINED void put_ended(const struct coder *coder, const struct jpeg_plane *plane,
    const struct jpeg_scan *scan, struct ended *ended)
{
    if (ended->count == 0) {
        return;
    }
    const int size = jpeg_bit_length(ended->count) - 1;
    put(coder, size << 4, ended->count, size);
    if (scan->refines && !coder->statistics) {
        size_t block = ended->block;
        uint64_t band = band_of(ended->from, scan->last);
        for (unsigned left = ended->count; left > 0; left--) {
            put_corrections(coder, plane->coefficients + block * JPEG_BLOCK,
                plane->places[scan->low + 1][block] & band, scan->low);
            band = band_of(scan->first, scan->last);
            block++;
            if (block % plane->stride == plane->wide) {
                block += plane->stride - plane->wide;
            }
        }
    }
    ended->count = 0;
}

/* Nothing but zeros, or bits of what is known, from place `from` of this block. */
INLINED void end_block(const struct coder *coder, const struct jpeg_plane *plane,
    const struct jpeg_scan *scan, struct ended *ended, size_t block, int from)
{
    if (ended->count == 0) {
        ended->block = block;
        ended->from = from;
    }
    ended->count++;
    if (scan->refines && coder->statistics) {
        const uint64_t known = plane->places[scan->low + 1][block] & band_of(from, scan->last);
        coder->statistics->extra_bits += (uint64_t)__builtin_popcountll(known);
    }
    if (ended->count == MOST_BANDS) {
        put_ended(coder, plane, scan, ended);
    }
}

/* The first scan of these places (T.81, G.1.2.2). */
INLINED void code_first(const struct coder *coder, const int16_t *coefficients, uint64_t places,
    const struct jpeg_scan *scan)
{
    int next = scan->first;

    for (; places; places &= places - 1) {
        const int place = __builtin_ctzll(places), value = coefficients[place];
        int run = place - next;
        for (; run > JPEG_LONGEST_RUN; run -= JPEG_LONGEST_RUN + 1) {
            put(coder, JPEG_RUN_OF_16, 0, 0);
        }
        const unsigned magnitude = jpeg_magnitude_of(value) >> scan->low;
        const int size = jpeg_bit_length(magnitude);
        put(coder, (run << 4) | size, value < 0 ? ~magnitude : magnitude, size);
        next = place + 1;
    }
}

/* A later scan (T.81, G.1.2.3) up to the last of those that are new: they come with a sign, those
 * that are known with one more bit, behind the symbol in whose run they are. */
INLINED void code_refinement(const struct coder *coder, const int16_t *coefficients,
    uint64_t places, uint64_t known, const struct jpeg_scan *scan)
{
    uint64_t passed = 0;
    int next = scan->first, run = 0;

    for (; places; places &= places - 1) {
        const int place = __builtin_ctzll(places);
        run += place - next;
        next = place + 1;
        for (; run > JPEG_LONGEST_RUN; run -= JPEG_LONGEST_RUN + 1) {
            put(coder, JPEG_RUN_OF_16, 0, 0);
            put_corrections(coder, coefficients, passed, scan->low);
            passed = 0;
        }
        const uint64_t here = UINT64_C(1) << place;
        if (known & here) {
            passed |= here;
            continue;
        }
        put(coder, (run << 4) | 1, coefficients[place] > 0, 1);
        put_corrections(coder, coefficients, passed, scan->low);
        passed = 0;
        run = 0;
    }
}

INLINED void code_block(const struct coder *coder, const struct jpeg_plane *plane,
    const struct jpeg_scan *scan, size_t block, struct ended *ended)
{
    const int16_t *const coefficients = plane->coefficients + block * JPEG_BLOCK;
    const uint64_t places = plane->places[scan->low][block] & band_of(scan->first, scan->last);
    const uint64_t known = scan->refines ? plane->places[scan->low + 1][block] : 0;
    const uint64_t fresh = places & ~known;
    int from = scan->first;

    if (fresh) {
        from = 64 - __builtin_clzll(fresh);
        put_ended(coder, plane, scan, ended);
        if (scan->refines) {
            code_refinement(coder, coefficients, places & band_of(0, from - 1), known, scan);
        } else {
            code_first(coder, coefficients, places, scan);
        }
    }
    if (from <= scan->last) {
        end_block(coder, plane, scan, ended, block, from);
    }
}

INLINED void code_scan(const struct coder *coder, const struct jpeg_plane *plane,
    const struct jpeg_scan *scan, size_t step)
{
    struct ended ended = {0};

    for (size_t y = 0; y < plane->high; y += step) {
        for (size_t x = 0; x < plane->wide; x++) {
            code_block(coder, plane, scan, y * plane->stride + x, &ended);
        }
    }
    put_ended(coder, plane, scan, &ended);
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

/* The difference to the block before (T.81, F.1.2.1). */
INLINED void code_difference(const struct coder *coder, int difference)
{
    const int size = jpeg_bit_length(jpeg_magnitude_of(difference));

    put(coder, size, (unsigned)(difference < 0 ? difference - 1 : difference), size);
}

void jpeg_count_direct(const struct jpeg_plane *plane, struct jpeg_statistics *statistics)
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

void jpeg_write_direct(const struct jpeg_plane *planes, size_t components,
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
void jpeg_find_places(const struct jpeg_plane *plane)
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
            for (int place = group ? group : 1; place < group + 4; place++) {
                const unsigned magnitude = jpeg_magnitude_of(coefficients[place]);
                for (int level = 0; level < JPEG_LEVELS; level++) {
                    found[level] |= (uint64_t)(magnitude >> level != 0) << place;
                }
            }
        }
        for (int level = 0; level < JPEG_LEVELS; level++) {
            plane->places[level][block] = found[level];
        }
    }
}
