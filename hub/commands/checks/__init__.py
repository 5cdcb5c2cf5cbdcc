"""What `hub doctor` looks at."""
