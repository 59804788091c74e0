"""The formats: what each can hold, how it is read, and how it is written."""
