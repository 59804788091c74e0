/* Arithmetic that the kernels share. */

#ifndef LEANPIX_ARITHMETIC_H
#define LEANPIX_ARITHMETIC_H

#include <stddef.h>

/* a * b + c. Fused where the processor does so in one instruction; the C library's own fmaf, which
 * stands in for it elsewhere, takes a hundred times as long as two operations. */
static inline float multiply_add(float a, float b, float c)
{
#if defined(__FMA__) || defined(__aarch64__)
    return __builtin_fmaf(a, b, c);
#else
    return a * b + c;
#endif
}

static inline size_t at_most(size_t value, size_t limit)
{
    return value < limit ? value : limit;
}

#endif
