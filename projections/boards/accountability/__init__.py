"""What happened to those responsible for a threat, and for how long nothing has."""
