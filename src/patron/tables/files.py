"""Parquet and Arrow files, read in batches."""

__all__ = ["ArrowSource", "ParquetSource"]

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from patron.errors import TableError
from patron.tables.source import Source, arrow_errors


class ParquetSource(Source):
    """A Parquet file, or a folder of Parquet files with the same columns."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._paths = _parquet_files(path) if path.is_dir() else [path]
        schemas, self.rows = [], 0
        for part in self._paths:
            with arrow_errors(part.name), _parquet(part) as file:
                schemas.append(file.schema_arrow)
                self.rows += file.metadata.num_rows
        self._describe(schemas[0], [f"{len(schemas)} files"] if path.is_dir() else [])
        for part, schema in zip(self._paths, schemas, strict=True):
            missing = [column for column in self.schema.names if column not in schema.names]
            if missing:
                raise TableError(
                    f"{part} lacks the columns {', '.join(missing)} that "
                    f"{self._paths[0].name} has; the files of a folder need the same columns"
                )

    def _raw(self, columns: list[str], batch_rows: int) -> Iterator[pa.RecordBatch]:
        for part in self._paths:
            with _parquet(part) as file:
                yield from file.iter_batches(batch_rows, columns=columns)


class ArrowSource(Source):
    """An Arrow IPC file (Feather version 2) or stream, mapped into memory."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        with arrow_errors(self.name), pa.memory_map(str(path)) as memory:
            self._describe(_ipc(memory).schema)

    def _raw(self, columns: list[str], batch_rows: int) -> Iterator[pa.RecordBatch]:  # noqa: ARG002
        with pa.memory_map(str(self._path)) as memory:
            reader = _ipc(memory)
            if isinstance(reader, pa.RecordBatchStreamReader):
                yield from reader
            else:
                for index in range(reader.num_record_batches):
                    yield reader.get_batch(index)


def _parquet(path: Path) -> Any:
    import pyarrow.parquet as pq  # heavier than pyarrow itself

    # By default Arrow fetches all column chunks of a file ahead, which would hold it whole.
    return pq.ParquetFile(path, pre_buffer=False)


def _parquet_files(folder: Path) -> list[Path]:
    parts = sorted(
        part for part in folder.glob("*.parquet") if not part.name.startswith((".", "_"))
    )
    if not parts:
        raise TableError(
            f"{folder} is a folder without Parquet files (*.parquet) in it; "
            "give a file, or a folder that holds Parquet files directly"
        )
    return parts


def _ipc(memory: pa.NativeFile) -> pa.RecordBatchFileReader | pa.RecordBatchStreamReader:
    magic = memory.read(6)
    memory.seek(0)
    return pa.ipc.open_file(memory) if magic == b"ARROW1" else pa.ipc.open_stream(memory)
