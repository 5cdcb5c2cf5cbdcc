"""Trials, their hearings, and who watches them: what follows from visible events."""
