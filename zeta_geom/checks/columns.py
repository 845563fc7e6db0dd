"""Checks of the columns of DataFrames."""

from collections.abc import Iterable


def check_table(table: object, columns: Iterable[str], name: str = "table", *, texts: Iterable[str] = ()) -> None:
    """Raise TypeError or ValueError unless `table` is a DataFrame that has each of these columns once.

    Parameters
    ----------
    table : DataFrame
        The caller's value.
    columns, texts : iterable of str
        The columns that must hold real numbers, and those of any values.
    name : str
        The argument's name, for the message.

    Examples
    --------
    >>> import pandas as pd
    >>> check_table(pd.DataFrame({"mean": [1.0]}), ["mean"])
    """
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"{name} must be a DataFrame; got {type(table).__name__}.")
    columns = list(columns)
    required = [*columns, *texts]
    if lacking := [column for column in required if column not in table]:
        raise ValueError(f"{name} must have the columns {', '.join(required)}; lacking: {', '.join(lacking)}.")
    if not table.columns.is_unique:
        raise ValueError(f"{name} must have each column once; some are duplicated. Rename or drop them.")
    if other := [column for column in columns if table[column].dtype.kind not in "fiub"]:
        raise TypeError(f"{name} must hold real numbers in {', '.join(columns)}; {', '.join(other)} does not.")
