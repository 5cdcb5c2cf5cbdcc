"""The command `hub`: one module for each family of commands, listed in `hub/commands/root.py`."""
