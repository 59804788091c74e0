"""SSIMULACRA2, the visual quality that steers the search."""
