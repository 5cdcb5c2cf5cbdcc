"""Measures of the whole graph, computed by a compiled engine on the columns of the journal."""
