"""Explanations of the figures that are or were missed, by the key of their row in `rows.py`.

`results.py` prints those that a run misses. Ratios are of bytes at equal ss2 unless said else.
"""

from __future__ import annotations

from typing import Final

KNOWN_MISSES: Final[dict[str, str]] = {
    "avif-photos": (
        "sharp's default is 4:4:4 at aom's effort 4, from the same library and tuning as ours. "
        "Effort 4 is .976 of it here too (10 bits), at five times the CPU of effort 3, which is "
        "1.011; effort 2, which we use, costs 1.2 % more for half the time of 3. Tried at "
        "effort 3: 4:2:0 1.03 (8 bits 1.07), 12 bits 1.012, tune ssim 1.11, psnr 1.15; Pillow's "
        "libavif with tune=ssimulacra2, 8 bits alone, 1.03 to 1.05 at speeds 6 and 7, 1.008 at "
        "speed 5 for 3 s/MP; single options of aom at best .994; sharpening before encoding "
        "1.01 to 1.11. Outputs must clear the floor in both libheif's and libavif's decoders, "
        "which differ by 0.2 to 1.0 on 10 bits: 1 to 3 %. What would pay is a wheel with a "
        "10-bit libaom that lets its tuning be chosen."
    ),
    "avif-cpu": (
        "Two quick encodes at effort 0 and usually one final one at effort 2 are what is left."
    ),
    "cpu-avif": (
        "Effort 0 foretells the quality of the final encode, usually one, at effort 2: it was "
        "1.2 to 3.0 s/MP with a search at full effort. Speeds 8 and above of aom are not "
        "offered by libvips."
    ),
    "webp-photos": (
        "Effort 6, preset by how busy the photo is, sharp chroma for saturated ones. On every "
        "second photo of the folder, at ss2 77.2, presets picture, photo, default and drawing "
        "give .949, .951, .956 and .974, sharp chroma for all .951, six passes .953; the best of "
        "all of them for each photo is .938. Spatial noise shaping, filter strength, the "
        "automatic filter and segments win nothing on average; filter sharpness 3 would win "
        "0.9 %, but libvips does not hand it on."
    ),
    "cpu-webp": (
        "A cheap palette first, lossy encodes only where they can win, effort by the time there "
        "is: graphics came from 2.7 s/MP. Screenshots for which lossy wins still take three "
        "quick and up to three final encodes."
    ),
    "cpu-png": (
        "Palettes are previewed without a file, an opaque alpha channel goes first (2.5 to .9 "
        "s/MP on one screenshot), from 1 MP on the first palette that reaches the goal is "
        "taken."
    ),
    "png-lossless": (
        "oxipng at levels 2, 3 and 4: .7727, .7727, .7724. zopfli wins .4 to 1.3 % on two of "
        "twelve files for 3 to 15 s each and loses on others. The large screenshots of the "
        "corpus come optimized: oxipng finds nothing in them."
    ),
    "jpeg-lossless": (
        "mozjpeg's search for scans, then our own; nothing but entropy coding is left to gain."
    ),
    "cpu-jpeg": (
        "The search shows what a file will look like without making it; the metric and the "
        "scans are C."
    ),
}
