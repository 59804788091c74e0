/* Huffman tables made for what they code (T.81, annexes C and K.2). */

#ifndef LEANPIX_JPEG_HUFFMAN_H
#define LEANPIX_JPEG_HUFFMAN_H

#include "jpeg/jpeg.h"

/* The count of each symbol, and the bits that follow symbols: signs, lower bits, runs. */
struct jpeg_statistics {
    uint32_t counts[JPEG_SYMBOLS];
    uint64_t extra_bits;
};

/* The symbols in use, those with the shortest codes first, as a file lists them. */
struct jpeg_huffman {
    int symbols;
    uint8_t of_length[JPEG_LONGEST_CODE]; /* codes of 1 bit, of 2 bits, ... */
    uint8_t listed[JPEG_SYMBOLS];
};

/* A symbol's code and its length in bits; a length of 0 is a symbol that does not occur. */
struct jpeg_codes {
    uint16_t codes[JPEG_SYMBOLS];
    uint8_t lengths[JPEG_SYMBOLS];
};

/* The table that needs the least bits for what was counted. */
void jpeg_huffman_fit(const struct jpeg_statistics *statistics, struct jpeg_huffman *table);

/* The bits that the table needs for the symbols and for what follows them. */
uint64_t jpeg_huffman_bits(
    const struct jpeg_statistics *statistics, const struct jpeg_huffman *table);

void jpeg_huffman_codes(const struct jpeg_huffman *table, struct jpeg_codes *codes);

#endif
