"""Backups: what is saved, how it is encrypted, and what is checked before a restored hub serves."""
