"""Connections to DuckDB, which reads text files and its own."""

__all__ = ["duck"]

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def duck(address: str | Path = ":memory:", *, read_only: bool = False) -> Iterator[Any]:
    """A connection that prints nothing, and that Ctrl-C ends as it ends everything else."""
    import duckdb

    try:
        connection = duckdb.connect(address, read_only=read_only)
    except duckdb.ConnectionException:
        # This process has the file open for writing, and all its connections must agree.
        connection = duckdb.connect(address)
    try:
        with connection:
            connection.execute("SET enable_progress_bar = false")
            yield connection
    except RuntimeError as error:
        if "Query interrupted" in str(error):
            raise KeyboardInterrupt from error
        raise
