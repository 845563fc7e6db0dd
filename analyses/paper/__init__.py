"""The paper's Tables 4 to 9 as files of printed numbers, and checks of these numbers that need no training.

`table_4.csv` ... `table_9.csv` hold one row per printed number: `printed` is the text of the paper, `value` and `std`
are the same as fractions (Table 9: seconds). `reading` opens them, `partitions` has the sizes of the data sets,
`feasibility` computes which numbers a test set can give; `error_rates`, `scores`, `slips` and `reachable` check them.
"""
