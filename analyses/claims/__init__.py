"""The paper's claims, re-tested: one row per statement, from the records of the analyses."""
