"""Introductions: who can reach whom, over ties that can be trusted, past nobody hostile."""
