"""The only room that touches files and databases: tables in, tables out."""

__all__ = [
    "Sink",
    "Source",
    "new_folder",
    "open_sink",
    "open_source",
    "write_bytes",
    "write_table",
    "write_text",
]

from patron.tables.atomic import new_folder, write_bytes, write_text
from patron.tables.opening import open_source
from patron.tables.sink import Sink, open_sink, write_table
from patron.tables.source import Source
