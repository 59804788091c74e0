"""The public APIs; each package reads the requests of one API and writes its responses."""
