"""What waits for one partner, what changed of what is his, and who stands alone where he works."""
