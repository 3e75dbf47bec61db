"""Roles of columns: what each column of a table is to the study, and why."""

__all__ = [
    "FEATURE_ROLES",
    "BinaryTarget",
    "Column",
    "Role",
    "Schema",
    "binary_target",
    "infer",
    "infer_again",
    "no_such_column",
]

from patron.schema.infer import infer, infer_again
from patron.schema.target import BinaryTarget, binary_target
from patron.schema.types import FEATURE_ROLES, Column, Role, Schema, no_such_column
