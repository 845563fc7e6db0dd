"""What is audited: mixers, transforms and functions, and how each is called."""
