"""The report of an audit, made from the data of its result."""
