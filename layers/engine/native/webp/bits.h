/* The boolean entropy encoder (RFC 6386, 7). */

#ifndef LEANPIX_VP8_BITS_H
#define LEANPIX_VP8_BITS_H

#include <stddef.h>
#include <stdint.h>

struct vp8_bits {
    uint8_t *bytes;
    size_t count, capacity;
    uint64_t low;   /* what is not written yet: 8 bits more than `ready`, and above them a carry */
    uint32_t range; /* 128 to 255 */
    int ready;
    int is_full;
};

enum { VP8_MOST_READY = 48 };

static inline void vp8_bits_begin(struct vp8_bits *bits, uint8_t *bytes, size_t capacity)
{
    *bits = (struct vp8_bits){.bytes = bytes, .capacity = capacity, .range = 255};
}

/* A carry runs back over bytes of 255. */
static inline void vp8_bits_carry(struct vp8_bits *bits)
{
    size_t at = bits->count;

    while (at > 0 && bits->bytes[at - 1] == 255) {
        bits->bytes[--at] = 0;
    }
    if (at > 0) {
        bits->bytes[at - 1]++;
    }
}

/* Writes the whole bytes that no later bit changes but by a carry. */
static inline void vp8_bits_flush(struct vp8_bits *bits)
{
    if (bits->low >> (bits->ready + 8) & 1) {
        vp8_bits_carry(bits);
    }
    while (bits->ready >= 8) {
        if (bits->count < bits->capacity) {
            bits->bytes[bits->count++] = (uint8_t)(bits->low >> bits->ready);
        } else {
            bits->is_full = 1;
        }
        bits->ready -= 8;
    }
    bits->low &= ((uint64_t)1 << (bits->ready + 8)) - 1;
}

/* One bit, which is 0 with a probability of `probability` of 256. */
static inline void vp8_put(struct vp8_bits *bits, int bit, unsigned probability)
{
    const uint32_t split = 1 + (((bits->range - 1) * probability) >> 8);
    const uint32_t range = bit ? bits->range - split : split;
    const int shift = __builtin_clz(range) - 24;

    bits->low = (bits->low + (bit ? split : 0)) << shift;
    bits->range = range << shift;
    bits->ready += shift;
    if (bits->ready >= VP8_MOST_READY) {
        vp8_bits_flush(bits);
    }
}

/* `count` bits, the highest first. */
static inline void vp8_put_number(struct vp8_bits *bits, uint32_t number, int count)
{
    for (int bit = count - 1; bit >= 0; bit--) {
        vp8_put(bits, (int)(number >> bit & 1), 128);
    }
}

/* A number that may be left out, with its sign. */
static inline void vp8_put_optional(struct vp8_bits *bits, int number, int count)
{
    vp8_put(bits, number != 0, 128);
    if (number != 0) {
        vp8_put_number(bits, (uint32_t)(number < 0 ? -number : number), count);
        vp8_put(bits, number < 0, 128);
    }
}

/* Writes what is left. */
static inline void vp8_bits_end(struct vp8_bits *bits)
{
    vp8_bits_flush(bits);
    bits->low <<= 16 - bits->ready;
    bits->ready = 16;
    vp8_bits_flush(bits);
}

#endif
