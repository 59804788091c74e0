/* A progressive JPEG's scans in their order, with Huffman tables made for them (T.81, annex B). */

#include <stdlib.h>
#include <string.h>

#include "jpeg/huffman.h"
#include "jpeg/scans.h"

enum {
    DHT = 0xC4,
    SOS = 0xDA,
    SLOTS = 4, /* tables of each class that a decoder holds at a time */
    AC_CLASS = 0x10,
    TABLE_BYTES = 1 + JPEG_LONGEST_CODE,
};

/* A table and all that it codes. */
struct coding {
    struct jpeg_statistics statistics;
    struct jpeg_huffman table;
    uint64_t bits; /* of the table itself and all that it codes */
};

struct progression {
    struct jpeg_plane planes[JPEG_COMPONENTS];
    uint8_t ids[JPEG_COMPONENTS];
    size_t components;
    /* One of the ways to choose scans that there are. */
    size_t (*choose)(const struct jpeg_plane *, size_t, size_t, struct jpeg_scan *, size_t);
    struct coding dc[JPEG_COMPONENTS];
    size_t dc_count, dc_of[JPEG_COMPONENTS];
    struct jpeg_scan scans[JPEG_MOST_SCANS];
    size_t scan_count;
    struct coding codings[JPEG_MOST_SCANS];
    size_t coding_count, coding_of[JPEG_MOST_SCANS];
};

static void fit(struct coding *coding)
{
    jpeg_huffman_fit(&coding->statistics, &coding->table);
    coding->bits = jpeg_huffman_bits(&coding->statistics, &coding->table)
        + 8 * (TABLE_BYTES + (uint64_t)coding->table.symbols);
}

/* What codes `statistics` too: the last of the codings where that saves bits, else one more.
 * Which of them it is. */
static size_t share(
    struct coding *codings, size_t *count, const struct jpeg_statistics *statistics)
{
    struct coding *const own = &codings[*count];

    own->statistics = *statistics;
    fit(own);
    if (*count > 0) {
        struct coding *const last = own - 1;
        struct coding both = *last;
        for (int symbol = 0; symbol < JPEG_SYMBOLS; symbol++) {
            both.statistics.counts[symbol] += statistics->counts[symbol];
        }
        both.statistics.extra_bits += statistics->extra_bits;
        fit(&both);
        if (both.bits <= last->bits + own->bits) {
            *last = both;
            return *count - 1;
        }
    }
    return (*count)++;
}

/* The order that shows a viewer most: low frequencies before high ones, the lowest bits last. */
static int comes_before(const struct jpeg_scan *one, const struct jpeg_scan *other)
{
    if (one->refines != other->refines) {
        return other->refines;
    }
    if (one->refines && one->low != other->low) {
        return one->low > other->low;
    }
    if (one->first != other->first) {
        return one->first < other->first;
    }
    return one->component < other->component;
}

static void sort(struct jpeg_scan *scans, size_t count)
{
    for (size_t index = 1; index < count; index++) {
        const struct jpeg_scan moved = scans[index];
        size_t at = index;
        for (; at > 0 && comes_before(&moved, &scans[at - 1]); at--) {
            scans[at] = scans[at - 1];
        }
        scans[at] = moved;
    }
}

static void plan(struct progression *progression)
{
    struct jpeg_statistics statistics;

    for (size_t component = 0; component < progression->components; component++) {
        jpeg_find_nonzero(&progression->planes[component]);
        memset(&statistics, 0, sizeof statistics);
        jpeg_count_dc(&progression->planes[component], &statistics);
        progression->dc_of[component]
            = share(progression->dc, &progression->dc_count, &statistics);
    }
    size_t count = progression->choose(progression->planes, 0, 1, progression->scans, 0);
    if (progression->components > 1) {
        count = progression->choose(progression->planes + 1, 1, progression->components - 1,
            progression->scans, count);
    }
    sort(progression->scans, count);
    for (size_t index = 0; index < count; index++) {
        const struct jpeg_scan *const scan = &progression->scans[index];
        memset(&statistics, 0, sizeof statistics);
        jpeg_count_scan(&progression->planes[scan->component], scan, 1, &statistics);
        progression->coding_of[index]
            = share(progression->codings, &progression->coding_count, &statistics);
    }
    progression->scan_count = count;
}

static void put_bytes(struct jpeg_sink *sink, const uint8_t *bytes, size_t count)
{
    if ((size_t)(sink->end - sink->next) < count) {
        sink->full = 1;
        return;
    }
    memcpy(sink->next, bytes, count);
    sink->next += count;
}

static void put_tables(
    struct jpeg_sink *sink, const struct coding *codings, size_t count, int class)
{
    for (size_t index = 0; index < count; index++) {
        const struct jpeg_huffman *const table = &codings[index].table;
        put_bytes(sink, &(uint8_t){(uint8_t)(class | (int)(index % SLOTS))}, 1);
        put_bytes(sink, table->of_length, sizeof table->of_length);
        put_bytes(sink, table->listed, (size_t)table->symbols);
    }
}

static size_t bytes_of_tables(const struct coding *codings, size_t count)
{
    size_t bytes = 0;

    for (size_t index = 0; index < count; index++) {
        bytes += TABLE_BYTES + (size_t)codings[index].table.symbols;
    }
    return bytes;
}

/* The tables that the scans from coding `next` on need, as many as a decoder holds; the first
 * time those of DC coefficients too. */
static void put_next_tables(
    struct jpeg_sink *sink, const struct progression *progression, size_t next)
{
    const size_t left = progression->coding_count - next, count = left < SLOTS ? left : SLOTS;
    const size_t dc = next == 0 ? progression->dc_count : 0;
    const size_t length = 2 + bytes_of_tables(progression->dc, dc)
        + bytes_of_tables(progression->codings + next, count);
    const uint8_t header[] = {0xFF, DHT, (uint8_t)(length >> 8), (uint8_t)length};

    put_bytes(sink, header, sizeof header);
    put_tables(sink, progression->dc, dc, 0);
    put_tables(sink, progression->codings + next, count, AC_CLASS);
}

/* A scan's header: its components, with the slot of each one's table of either class. */
static void put_header(struct jpeg_sink *sink, const struct progression *progression,
    const struct jpeg_scan *scan, size_t components, const uint8_t *slots)
{
    const uint8_t start[]
        = {0xFF, SOS, 0, (uint8_t)(6 + 2 * components), (uint8_t)components};
    const int high = scan->refines ? scan->low + 1 : 0;
    const uint8_t end[]
        = {(uint8_t)scan->first, (uint8_t)scan->last, (uint8_t)(high << 4 | scan->low)};

    put_bytes(sink, start, sizeof start);
    for (size_t index = 0; index < components; index++) {
        const uint8_t selector[] = {progression->ids[scan->component + index], slots[index]};
        put_bytes(sink, selector, sizeof selector);
    }
    put_bytes(sink, end, sizeof end);
}

/* The DC coefficients of one component, or of several that are of one size. */
static void write_dc(struct jpeg_sink *sink, const struct progression *progression,
    size_t component, size_t components)
{
    const struct jpeg_scan scan = {.component = component};
    struct jpeg_codes codes[JPEG_COMPONENTS];
    const struct jpeg_codes *chosen[JPEG_COMPONENTS];
    uint8_t slots[JPEG_COMPONENTS];

    for (size_t index = 0; index < components; index++) {
        const size_t coding = progression->dc_of[component + index];
        jpeg_huffman_codes(&progression->dc[coding].table, &codes[index]);
        chosen[index] = &codes[index];
        slots[index] = (uint8_t)(coding << 4);
    }
    put_header(sink, progression, &scan, components, slots);
    jpeg_write_dc(progression->planes + component, components, chosen, sink);
    jpeg_sink_finish(sink);
}

static void write_all(struct jpeg_sink *sink, const struct progression *progression)
{
    size_t loaded = 0;

    put_next_tables(sink, progression, 0);
    write_dc(sink, progression, 0, 1);
    if (progression->components > 1) {
        write_dc(sink, progression, 1, progression->components - 1);
    }
    for (size_t index = 0; index < progression->scan_count; index++) {
        const struct jpeg_scan *const scan = &progression->scans[index];
        const size_t coding = progression->coding_of[index];
        const uint8_t slot = (uint8_t)(coding % SLOTS);
        struct jpeg_codes codes;
        if (coding >= loaded + SLOTS) {
            loaded = coding;
            put_next_tables(sink, progression, loaded);
        }
        jpeg_huffman_codes(&progression->codings[coding].table, &codes);
        put_header(sink, progression, scan, 1, &slot);
        jpeg_write_scan(&progression->planes[scan->component], scan, &codes, sink);
        jpeg_sink_finish(sink);
    }
}

/* Sizes of a component's plane in blocks. */
static void measure(const struct jpeg_shape *shape, size_t component, struct jpeg_plane *plane)
{
    const size_t block = component > 0 && shape->halved ? 2 * JPEG_SIDE : JPEG_SIDE;

    plane->wide = (shape->width + block - 1) / block;
    plane->high = (shape->height + block - 1) / block;
    plane->stride = jpeg_samples_wide(shape, component) / JPEG_SIDE;
}

/* Room for the positions of all components; NULL without memory for it. */
static uint64_t *make_room(struct progression *progression)
{
    size_t blocks = 0;

    for (size_t component = 0; component < progression->components; component++) {
        blocks += progression->planes[component].stride * progression->planes[component].high;
    }
    uint64_t *const room = malloc(JPEG_LEVELS * blocks * sizeof *room), *next = room;
    for (size_t component = 0; room && component < progression->components; component++) {
        struct jpeg_plane *const plane = &progression->planes[component];
        for (int level = 0; level < JPEG_LEVELS; level++) {
            plane->nonzero[level] = next;
            next += plane->stride * plane->high;
        }
    }
    return room;
}

/* All scans of the progression's planes. */
static int write_planes(
    struct progression *progression, uint8_t *scans, size_t capacity, size_t *written)
{
    struct jpeg_sink sink = {.next = scans, .end = scans + capacity};
    uint64_t *const room = make_room(progression);

    if (room == NULL) {
        return LEANPIX_OUT_OF_MEMORY;
    }
    plan(progression);
    write_all(&sink, progression);
    *written = (size_t)(sink.next - scans);
    free(room);
    return sink.full ? LEANPIX_NO_ROOM : LEANPIX_OK;
}

int leanpix_jpeg_write(const struct jpeg_shape *shape, const int16_t *luma, const int16_t *blue,
    const int16_t *red, uint8_t *scans, size_t capacity, size_t *written)
{
    const int16_t *const coefficients[JPEG_COMPONENTS] = {luma, blue, red};
    struct progression *const progression = calloc(1, sizeof *progression);

    if (progression == NULL) {
        return LEANPIX_OUT_OF_MEMORY;
    }
    progression->choose = jpeg_choose_scans;
    progression->components = shape->components;
    for (size_t component = 0; component < shape->components; component++) {
        progression->ids[component] = (uint8_t)(component + 1);
        progression->planes[component].coefficients = coefficients[component];
        measure(shape, component, &progression->planes[component]);
    }
    const int outcome = write_planes(progression, scans, capacity, written);
    free(progression);
    return outcome;
}

int leanpix_jpeg_rewrite(const struct jpeg_layout *layout, const int16_t *luma,
    const int16_t *blue, const int16_t *red, uint8_t *scans, size_t capacity, size_t *written)
{
    const int16_t *const coefficients[JPEG_COMPONENTS] = {luma, blue, red};
    struct progression *const progression = calloc(1, sizeof *progression);

    if (progression == NULL) {
        return LEANPIX_OUT_OF_MEMORY;
    }
    progression->choose = jpeg_choose_scans_thoroughly;
    progression->components = layout->components;
    for (size_t component = 0; component < layout->components; component++) {
        const size_t wide = layout->wide[component];
        progression->ids[component] = layout->ids[component];
        progression->planes[component] = (struct jpeg_plane){
            .coefficients = coefficients[component],
            .wide = wide,
            .high = layout->high[component],
            .stride = wide,
        };
    }
    const int outcome = write_planes(progression, scans, capacity, written);
    free(progression);
    return outcome;
}
