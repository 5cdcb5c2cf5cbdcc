"""The solidarity graph: who and what is tied to whom, each tie with the claims behind it."""
