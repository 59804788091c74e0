"""The process in which an image is optimized, and how to talk to it."""
