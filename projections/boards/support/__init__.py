"""Needs and offers: what fits what and why, what is reserved, what became of it, and what harm stops."""
