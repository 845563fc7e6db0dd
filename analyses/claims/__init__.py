"""The paper's claims, re-tested: one row a statement, from the records of the analyses."""
