"""The history of a source: the marks of our own outputs, and the loss of earlier encodings."""
