"""The report of an audit: it reads the data of a result."""
