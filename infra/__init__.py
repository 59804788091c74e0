"""Constructs of the CDK: one stack per stage."""
