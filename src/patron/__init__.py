"""Patron: from a shop's customer table to decisions that it can defend.

The public names, in the order of the path. Nothing heavy is imported until a name is used.

>>> import patron
>>> patron.Study(table={"path": "customers.csv"}, purchase={"target": "bought"}).run.seed
0
"""

__all__ = [  # noqa: RUF022 (the order of the path)
    "Study",
    "make",
    "open_source",
    "infer",
    "run_audit",
    "load_customers",
    "build_features",
    "Encoder",
    "make_split",
    "PurchaseModel",
    "SpendModel",
    "Segments",
    "Estimate",
    "run",
    "render",
    "Bundle",
    "load_bundle",
    "score_table",
    "score_source",
    "create_app",
    "PatronError",
    "Refusal",
    "UserError",
    "__version__",
]

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patron.audit import run_audit
    from patron.bundle import Bundle, load_bundle
    from patron.customers import load_customers
    from patron.errors import PatronError, Refusal, UserError
    from patron.estimate import Estimate
    from patron.features.encode import Encoder
    from patron.features.events import build_features
    from patron.models.purchase import PurchaseModel
    from patron.models.segments import Segments
    from patron.models.spend import SpendModel
    from patron.pipeline import run
    from patron.report import render
    from patron.schema import infer
    from patron.score import score_source, score_table
    from patron.serve import create_app
    from patron.split import make_split
    from patron.study import Study
    from patron.tables import open_source
    from patron.worlds import make

__version__ = "0.1.0"

_HOME = {
    "Study": "study",
    "make": "worlds",
    "open_source": "tables",
    "infer": "schema",
    "run_audit": "audit",
    "load_customers": "customers",
    "build_features": "features.events",
    "Encoder": "features.encode",
    "make_split": "split",
    "PurchaseModel": "models.purchase",
    "SpendModel": "models.spend",
    "Segments": "models.segments",
    "Estimate": "estimate",
    "run": "pipeline",
    "render": "report",
    "Bundle": "bundle",
    "load_bundle": "bundle",
    "score_table": "score",
    "score_source": "score",
    "create_app": "serve",
    "PatronError": "errors",
    "Refusal": "errors",
    "UserError": "errors",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'patron' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"patron.{_HOME[name]}"), name)
