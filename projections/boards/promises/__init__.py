"""Commitments: what was promised, what both sides report, and how old the last report is."""
