"""AVIF (AV1 Image File Format)."""
