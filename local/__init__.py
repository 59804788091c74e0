"""The local cloud: the real template on an emulated AWS, behind one plain port on this machine."""
