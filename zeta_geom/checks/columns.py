"""Checks of tables."""

from collections.abc import Iterable
from typing import Any

__all__ = ["check_table"]


def check_table(table: Any, columns: Iterable[str], name: str = "table", *, texts: Iterable[str] = ()) -> None:
    """Raise an error unless `table` is a DataFrame with these columns of numbers, and `texts`, of anything.

    Parameters
    ----------
    table : DataFrame
    columns, texts : iterable of str
    name : str

    Raises
    ------
    TypeError, ValueError
        If it is no DataFrame, a column is absent or there twice, or one of `columns` holds no real numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> check_table(pd.DataFrame({"mean": [1.0]}), ["mean"])
    """
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"{name} must be a DataFrame; got {type(table).__name__}.")
    columns = list(columns)
    wanted = [*columns, *texts]
    if lacking := [column for column in wanted if column not in table]:
        raise ValueError(f"{name} must have the columns {', '.join(wanted)}; lacking: {', '.join(lacking)}.")
    if not table.columns.is_unique:
        raise ValueError(f"{name} must have each column once; some are there twice. Rename or drop them.")
    if other := [column for column in columns if table[column].dtype.kind not in "fiub"]:
        raise TypeError(f"{name} must hold real numbers in {', '.join(columns)}; got others in {', '.join(other)}.")
