"""What the documentation takes from the figures."""
