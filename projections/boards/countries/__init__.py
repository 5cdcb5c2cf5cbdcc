"""Countries: the safety of lawyers and access to justice side by side."""
