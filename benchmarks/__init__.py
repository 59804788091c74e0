"""Measure the claims of the README: commands that anyone can run."""
