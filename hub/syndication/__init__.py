"""Atom and JSON Feed: the same events as the live feed, newest first, for programs that people have already."""
