"""The `leanpix` command."""
