"""The local cloud: the real template on an emulated AWS, behind one port of this machine."""
