"""The ``leanpix`` command."""
