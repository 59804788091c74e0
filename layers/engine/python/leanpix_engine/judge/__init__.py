"""The rules and opinions by which a file is judged, and the proof before it may leave."""
