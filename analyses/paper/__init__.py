"""The paper's Tables 4 to 9 as files of figures, and what can be said of those figures without training anything.

`table_4.csv` ... `table_9.csv` hold one row a printed figure: `printed` is what stands there, `value` and `std` are
the same as fractions (Table 9: seconds). `reading` opens them, `partitions` says how large the data sets are,
`feasibility` which figures a test set can give at all; `error_rates`, `scores`, `slips` and `reachable` check.
"""
