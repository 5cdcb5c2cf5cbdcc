"""Suggestions that two references may mean one: for people to judge, nothing follows from them by itself."""
