"""JPEG (ITU-T T.81)."""
