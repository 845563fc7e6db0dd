"""Files of parts: Parquet, with the key of the settings and a hash of the values in the metadata."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zeta_geom.records.disk import atomic_path
from zeta_geom.records.keys import Manifest, data_fingerprint, key_of


def part_key(manifest: Manifest) -> str:
    """Return the key of a part: the key of its work without the code, and with it."""
    return f"{key_of(manifest, code=False)}-{manifest['key']}"


def write_part(path: Path, columns: dict[str, np.ndarray], key: str) -> None:
    """Write the columns, (q,) or (q, k), of a part, whole or not at all."""
    arrays = {name: _arrow(values) for name, values in columns.items()}
    metadata = {"key": key, "sha256": _fingerprint(columns)}
    with atomic_path(path) as temporary:
        pq.write_table(pa.table(arrays).replace_schema_metadata(metadata), temporary, use_dictionary=False)


def read_part(path: Path, key: str, *, stale: bool = False) -> dict[str, np.ndarray]:
    """Return the columns of a part; ValueError if the file has another key; `stale` accepts that of older code."""
    try:
        table = pq.read_table(path, partitioning=None)
        columns = {name: _array(table[name]) for name in table.column_names}
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, ValueError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a whole Parquet file: {error}") from error
    stored = table.schema.metadata or {}
    stored_key = stored.get(b"key", b"").decode()
    if stored_key != key and not (stale and stored_key.partition("-")[0] == key.partition("-")[0]):
        raise ValueError(f"{path} was written with other settings.")
    if stored.get(b"sha256") != _fingerprint(columns).encode():
        raise ValueError(f"{path} has changed since it was written.")
    return columns


def _fingerprint(columns: dict[str, np.ndarray]) -> str:
    return data_fingerprint(np.array(list(columns)), *columns.values())


def _arrow(values: np.ndarray) -> pa.Array:
    flat = pa.array(np.ascontiguousarray(values).ravel())
    return flat if values.ndim == 1 else pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def _array(column: pa.ChunkedArray) -> np.ndarray:
    whole = column.combine_chunks()
    lists = pa.types.is_fixed_size_list(whole.type)
    values: np.ndarray = (whole.flatten() if lists else whole).to_numpy()
    return values.reshape(len(whole), whole.type.list_size) if lists else values
