"""Decoded pictures, and what is done to them before they are encoded."""
