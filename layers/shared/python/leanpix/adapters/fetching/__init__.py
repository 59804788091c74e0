"""Fetch from addresses that strangers name, and never from our own network."""
