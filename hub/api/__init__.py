"""Addresses under /api/v1."""
