"""How much is at stake for a lawyer: for people who must choose where to look first."""
