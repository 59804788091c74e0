"""Pure-Python readers of image headers, one module per format.

Each has `read(source, limits) -> Probe`. They touch no imaging library, allocate nothing in
proportion to what a header claims, and raise `Refused` for damage that shows in the structure.
"""
