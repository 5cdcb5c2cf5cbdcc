"""Personal addresses: what a calendar or feed reader shows instead of a token, for reading three addresses alone."""
