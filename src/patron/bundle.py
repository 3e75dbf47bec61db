"""Bundle: a saved model as open files with a manifest of their hashes; loading runs no code.

The format number is raised when a bundle written by the new code could be misread by the old; a
field that old code may safely ignore does not raise it. A bundle of an older format is still read.

Format 2: curves may have steps and terms of two columns, trees may have shares of buyers, and the
calibration may be beta or isotonic.
Format 3: there may be a model of spend (`spend.json`), beside that of purchases or alone.
Format 4: there may be segments (`segments.json`), beside the models or alone.
"""

__all__ = ["FORMAT", "Bundle", "load_bundle", "save_bundle", "versions"]

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from patron import __version__
from patron.audit.ledger import Ledger
from patron.errors import BundleError
from patron.features.encode import Encoder
from patron.models.purchase import PurchaseModel
from patron.models.segments import Segments
from patron.models.spend import SpendModel
from patron.models.whole import check_whole, check_whole_segments, check_whole_spend
from patron.schema import Column, Role, Schema
from patron.tables import new_folder

FORMAT = 4
_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Bundle:
    """Everything that scoring needs, and what is known about how good it is.

    Parameters
    ----------
    version : the model's version: the day of its training and a hash of its files.
    study : the Study that it was trained by, as plain data.
    schema : the roles of the training table's columns.
    ledger : the fixes that run before the encoder.
    encoder : table to matrix, for the purchase model; None where there is none.
    purchase : matrix to probability, or None.
    spend : table to the distribution of spend, or None.
    segments : table to segments, or None.
    evidence : from `results.json`: the target, the horizon, the metrics, the findings' codes.
    size_bytes : of all its files.
    """

    version: str
    study: Mapping[str, Any]
    schema: Schema
    ledger: Ledger
    encoder: Encoder | None
    purchase: PurchaseModel | None
    spend: SpendModel | None
    segments: Segments | None
    evidence: Mapping[str, Any]
    size_bytes: int

    @property
    def inputs(self) -> tuple[Column, ...]:
        """What a table to be scored should hold: entity, as_of, the features, what fixes read."""
        keys = self.schema.names(Role.ENTITY, Role.AS_OF)
        reads = (name for name in self.ledger.reads if name in self.schema)
        return tuple(self.schema[n] for n in dict.fromkeys((*keys, *self.features, *reads)))

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that the models and the segments read."""
        own = (rule["name"] for rule in self.encoder.columns) if self.encoder else ()
        prepared = self.spend.preparation_ if self.spend else None
        of_spend = prepared.inputs if prepared else ()
        of_segments = self.segments.space_.inputs if self.segments else ()
        return tuple(dict.fromkeys((*own, *of_spend, *of_segments)))

    @property
    def categories(self) -> dict[str, list[str]]:
        """The known values of each category."""
        encoders = [self.encoder] if self.encoder else []
        if self.spend:
            encoders.append(self.spend.encoder)
        rules = [rule for encoder in encoders for rule in encoder.columns]
        return {r["name"]: list(r["labels"]) for r in rules if "labels" in r}


def save_bundle(
    path: Path,
    *,
    created: datetime,
    study: Mapping[str, Any],
    schema: Schema,
    ledger: Ledger,
    encoder: Encoder | None = None,
    purchase: PurchaseModel | None = None,
    spend: SpendModel | None = None,
    segments: Segments | None = None,
    evidence: Mapping[str, Any],
    card: str = "",
) -> Bundle:
    """Write a bundle to the folder `path`, replacing a bundle that is there, and load it.

    Raises
    ------
    TableError
        The folder cannot be written, or holds something that is no bundle.
    """
    files: dict[str, bytes] = {}
    for name, model in (("purchase", purchase), ("spend", spend), ("segments", segments)):
        if model is not None:
            fields = model.to_dict()
            for number, part in enumerate(_trees(fields)):
                part["file"] = f"{name}_trees_{number}.txt"
                files[part["file"]] = part.pop("text").encode()
            files[f"{name}.json"] = _json(fields)
    if encoder is not None:
        files["encoder.json"] = _json(encoder.to_dict())
    files |= {
        "study.json": _json(study),
        "schema.json": _json(schema.to_dict()),
        "ledger.json": _json(ledger.to_dict()),
        "evidence.json": _json(evidence),
    }
    if card:
        files["model_card.md"] = card.encode()
    hashes = {name: _hash(content) for name, content in sorted(files.items())}
    manifest = {
        "format": FORMAT,
        "patron_version": __version__,
        "created": created.isoformat(timespec="seconds"),
        "model_version": _version(created.date().isoformat(), hashes),
        "files": hashes,
        "versions": versions(),
    }
    with new_folder(path, replaces=_is_bundle) as folder:
        for name, content in files.items():
            (folder / name).write_bytes(content)
        (folder / _MANIFEST).write_bytes(_json(manifest))
    return load_bundle(path)


def load_bundle(path: str | Path) -> Bundle:
    """Read the bundle in the folder `path`.

    The hashes tell damage and careless edits; they do not prove who wrote the bundle.

    Raises
    ------
    BundleError
        There is no bundle, its format is newer than this Patron's, or a file was changed.
    """
    folder = Path(path)
    manifest = _manifest(folder)
    contents = {name: _checked(folder, name, digest) for name, digest in manifest["files"].items()}
    created = str(manifest["created"])[:10]
    if manifest["model_version"] != _version(created, manifest["files"]):
        raise BundleError(f"{folder}: {_MANIFEST} was changed; run `patron run` again.")
    try:
        data = {
            name.removesuffix(".json"): json.loads(content)
            for name, content in contents.items()
            if name.endswith(".json")
        }
        for name in ("purchase", "spend"):
            for part in _trees(data.get(name, {})):
                part["text"] = contents[part["file"]].decode()
        if not data.keys() & {"purchase", "spend", "segments"}:
            raise ValueError("it has no model and no segments")
        bundle = Bundle(
            version=manifest["model_version"],
            study=data["study"],
            schema=Schema.from_dict(data["schema"]),
            ledger=Ledger.from_dict(data["ledger"]),
            encoder=Encoder.from_dict(data["encoder"]) if "purchase" in data else None,
            purchase=PurchaseModel.from_dict(data["purchase"]) if "purchase" in data else None,
            spend=SpendModel.from_dict(data["spend"]) if "spend" in data else None,
            segments=Segments.from_dict(data["segments"]) if "segments" in data else None,
            evidence=data["evidence"],
            size_bytes=sum(map(len, contents.values())),
        )
        if strange := sorted(set(bundle.features) - _allowed(bundle)):
            raise ValueError(f"{strange[0]} has no role that may reach a model")
        if bundle.purchase is not None and bundle.encoder is not None:
            check_whole(bundle.purchase, bundle.encoder.names, bundle.encoder.levels)
        if bundle.spend is not None:
            check_whole_spend(bundle.spend)
        if bundle.segments is not None:
            check_whole_segments(bundle.segments)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{folder} is not a whole bundle: {error!r}.") from error
    return bundle


def versions() -> dict[str, str]:
    """The versions of what computes, as the manifest and the report name them."""
    from importlib.metadata import version

    packages = ("numpy", "pyarrow", "duckdb", "lightgbm", "scikit-learn")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def _trees(fields: Any) -> Iterator[dict[str, Any]]:
    """The parts of a model that are trees: each stays in its native format, in its own file."""
    if isinstance(fields, dict):
        if fields.get("kind") == "trees":
            yield fields
        fields = list(fields.values())
    for each in fields if isinstance(fields, list) else ():
        yield from _trees(each)


def _allowed(bundle: Bundle) -> set[str]:
    """The columns that a model may read; one of spend knows the date and the arm as well."""
    allowed = set(bundle.schema.features)
    if bundle.spend is not None:
        allowed |= set(bundle.schema.names(Role.AS_OF, Role.TREATMENT))
    return allowed


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
    except FileNotFoundError:
        what = (
            "is a file" if folder.is_file() else "has no manifest.json" if folder.is_dir() else ""
        )
        raise BundleError(
            f"{folder} {what or 'does not exist'}; a bundle is the folder that `patron run` "
            "writes as DIR/bundle."
        ) from None
    except NotADirectoryError:
        raise BundleError(f"{folder} is a file; a bundle is a folder.") from None
    except (OSError, ValueError) as error:
        raise BundleError(f"{folder}: {_MANIFEST} cannot be read: {error}.") from error
    wanted = {"format", "created", "model_version", "files"}
    if not isinstance(manifest, dict) or not wanted <= manifest.keys():
        raise BundleError(f"{folder}: {_MANIFEST} is not the manifest of a Patron bundle.")
    if not isinstance(manifest["format"], int) or not isinstance(manifest["files"], dict):
        raise BundleError(f"{folder}: {_MANIFEST} is not the manifest of a Patron bundle.")
    if manifest["format"] > FORMAT:
        raise BundleError(
            f"{folder} has bundle format {manifest['format']}; this Patron ({__version__}) reads "
            f"formats up to {FORMAT}. Use the Patron that wrote it "
            f"({manifest.get('patron_version', 'a later one')}), or train again with this one."
        )
    return manifest


def _checked(folder: Path, name: str, digest: str) -> bytes:
    if Path(name).name != name:
        raise BundleError(f"{folder}: {_MANIFEST} names a file outside the bundle.")
    try:
        content = (folder / name).read_bytes()
    except OSError as error:
        raise BundleError(f"{folder}: {name} cannot be read: {error.strerror}.") from error
    if _hash(content) != digest:
        raise BundleError(
            f"{folder}: {name} was changed after the bundle was written (its SHA-256 is not the "
            "manifest's). Take an untouched copy, or run `patron run` again."
        )
    return content


def _is_bundle(folder: Path) -> bool:
    return (folder / _MANIFEST).is_file()


def _json(data: Any) -> bytes:
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False, default=str).encode()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _version(day: str, hashes: Mapping[str, str]) -> str:
    return f"{day}-{_hash(json.dumps(hashes, sort_keys=True).encode())[:8]}"
