"""What is claimed, by whom, how well it is believed, and what speaks against it; nothing is picked silently."""
