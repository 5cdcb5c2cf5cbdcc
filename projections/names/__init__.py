"""Compares names of people in any script: how they are written, how they sound, and what is known besides."""
