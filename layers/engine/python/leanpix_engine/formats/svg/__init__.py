"""SVG (W3C, version 2)."""
