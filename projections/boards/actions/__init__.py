"""Joint actions: who signed which text, what is missing, the letter itself, and how it is verified."""
