"""PNG and APNG (W3C, third edition)."""
