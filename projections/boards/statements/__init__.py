"""Statements: what they ask for, what became of it, who answered, and whether their facts still hold."""
