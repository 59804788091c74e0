"""Reach the outside world: AWS, the engine, and addresses that strangers name."""
