"""The audited methods: mixers, transforms and functions, each behind one interface."""
