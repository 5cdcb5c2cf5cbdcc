"""The street door: commands, HTTP, feeds, pages, accounts, settings, wiring."""
