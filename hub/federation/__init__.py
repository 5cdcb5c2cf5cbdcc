"""Federation: what this hub and others tell each other."""
