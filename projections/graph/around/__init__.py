"""Neighbourhoods: what is within a few ties of some nodes, found in the columns of the journal."""
