"""One figure each: records are read, nothing is computed that a record does not hold, PNG and PDF are written."""
