"""The public APIs: each module turns its vendor's requests into our commands and back."""
