"""TreeEnsemble: boosted trees in LightGBM's native text, scored through its C library.

The Python package `lightgbm` imports scikit-learn and pandas, which takes over a second and most of
the memory of a small server. Its shared library needs neither, and its C interface is documented
and stable, so the scoring path calls five functions of it directly.
"""

__all__ = ["TreeEnsemble"]

import ctypes
import importlib.util
import re
import sys
import weakref
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from patron.errors import BundleError
from patron.models.shares import Shares

FEWEST_FOR_THREADS = 20_000
"""Below so many rows a second thread costs more than it brings."""

_TREE_SIZES = re.compile(r"^tree_sizes=.*$\n?", re.MULTILINE)
"""With this line LightGBM reads trees at once, and a broken tree ends the whole process."""

_FLOAT32, _ROW_MAJOR = 0, 1
_RAW, _CONTRIBUTIONS = 1, 3


class TreeEnsemble:
    """A trained ensemble of trees; immutable.

    Parameters
    ----------
    text : the model in LightGBM's text format, one output (log-odds).
    shares : columns that are added to the matrix before the trees see it, or None.
    """

    kind: ClassVar[str] = "trees"

    def __init__(self, text: str, shares: Shares | None = None) -> None:
        self.text = text
        self.shares = shares
        self._handle = ctypes.c_void_p()
        rounds = ctypes.c_int(0)
        _call(
            "LGBM_BoosterLoadModelFromString",
            _TREE_SIZES.sub("", text).encode(),
            ctypes.byref(rounds),
            ctypes.byref(self._handle),
        )
        self.rounds = rounds.value
        weakref.finalize(self, _library().LGBM_BoosterFree, self._handle)

    @cached_property
    def base(self) -> float:
        """The log-odds of the average training row."""
        columns = ctypes.c_int(0)
        _call("LGBM_BoosterGetNumFeature", self._handle, ctypes.byref(columns))
        nothing = np.zeros((1, columns.value), dtype=np.float32)
        return float(self._predict(nothing, _CONTRIBUTIONS, columns.value + 1, 1)[0, -1])

    def raw(self, matrix: NDArray[np.float32], *, threads: int = 1) -> NDArray[np.float64]:
        """Log-odds [rows] for an encoded matrix [rows, columns]."""
        return self._predict(self._widened(matrix), _RAW, 1, threads)[:, 0]

    def contributions(
        self, matrix: NDArray[np.float32], *, threads: int = 1
    ) -> NDArray[np.float64]:
        """What each column adds to the log-odds [rows, columns]; with the average, all of `raw`.

        These are exact path-dependent Shapley values (Lundberg et al. 2020, "From local
        explanations to global understanding with explainable AI for trees").
        """
        wide = self._widened(matrix)
        answer = self._predict(wide, _CONTRIBUTIONS, wide.shape[1] + 1, threads)[:, :-1]
        return answer if self.shares is None else self.shares.narrowed(answer)

    def _widened(self, matrix: NDArray[np.float32]) -> NDArray[np.float32]:
        return matrix if self.shares is None else self.shares.widened(matrix)

    def _predict(
        self, matrix: NDArray[np.float32], what: int, width: int, threads: int
    ) -> NDArray[np.float64]:
        matrix = np.ascontiguousarray(matrix, dtype=np.float32)
        answer = np.empty((len(matrix), width), dtype=np.float64)
        if not len(matrix):
            return answer
        length = ctypes.c_int64(0)
        _call(
            "LGBM_BoosterPredictForMat",
            self._handle,
            matrix.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_int(_FLOAT32),
            ctypes.c_int32(matrix.shape[0]),
            ctypes.c_int32(matrix.shape[1]),
            ctypes.c_int(_ROW_MAJOR),
            ctypes.c_int(what),
            ctypes.c_int(0),
            ctypes.c_int(-1),
            f"num_threads={threads if len(matrix) >= FEWEST_FOR_THREADS else 1}".encode(),
            ctypes.byref(length),
            answer.ctypes.data_as(ctypes.POINTER(ctypes.c_double)),
        )
        return answer

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        shares = None if self.shares is None else self.shares.to_dict()
        return {"kind": self.kind, "text": self.text, "shares": shares}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "TreeEnsemble":
        """The ensemble that `to_dict` wrote."""
        shares = fields.get("shares")
        return cls(fields["text"], None if shares is None else Shares.from_dict(shares))


@cache
def _library() -> ctypes.CDLL:
    spec = importlib.util.find_spec("lightgbm")
    if spec is None or spec.submodule_search_locations is None:
        raise BundleError("this model needs the package lightgbm, which is not installed.")
    name = {"darwin": "lib_lightgbm.dylib", "win32": "lib_lightgbm.dll"}.get(
        sys.platform, "lib_lightgbm.so"
    )
    for folder in spec.submodule_search_locations:
        for path in (Path(folder) / "lib" / name, Path(folder) / "bin" / name):
            if path.exists():
                library = _loaded(path)
                library.LGBM_GetLastError.restype = ctypes.c_char_p
                return library
    raise BundleError(f"the installed package lightgbm has no {name}; reinstall it.")


def _loaded(path: Path) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise BundleError(
            f"{path.name} cannot be loaded: {error}. It needs the OpenMP library; on Debian and "
            "Ubuntu: apt-get install libgomp1."
        ) from error


def _call(function: str, *arguments: Any) -> None:
    library = _library()
    if getattr(library, function)(*arguments) != 0:
        reason = library.LGBM_GetLastError().decode(errors="replace")
        raise BundleError(f"LightGBM cannot use these trees: {reason}.")
