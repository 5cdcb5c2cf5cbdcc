"""The dictionary: contracts as data, one registry, plain-language errors, audience marks."""
