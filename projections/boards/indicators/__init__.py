"""Indicators: versions, who agrees, and the figures reported on each."""
