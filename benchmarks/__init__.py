"""Figures and their limits, measured in the same run; see docs/performance.md."""
