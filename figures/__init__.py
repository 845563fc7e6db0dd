"""One figure per module: it reads records, computes nothing that a record does not hold, and writes PNG and PDF."""
