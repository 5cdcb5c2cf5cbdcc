"""Deadlines: the moments that events speak of, found without reading the log, and who may hear that one has passed."""
