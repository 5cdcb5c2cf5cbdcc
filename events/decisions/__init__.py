"""Decisions: what must not happen twice, too late or by somebody else."""
