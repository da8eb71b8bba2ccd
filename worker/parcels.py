"""What travels between an executor and a place where attempts run out of its reach: parcels there, reports back.

Both are bytes: one line of JSON, which every version can read, and a pickle, which is opened only when the line says
that the other side runs the same graftline and the same Python.

    parcel      {"token", "run", "bundle", "graftline", "python", "artifacts", "work", "formers"}
                + (order, {sha256: bytes})
    report      {"kind", "token", ...}
        `ended`     + (fact, {sha256: bytes}): how the attempt ended, and the values that do not travel inside it
        `missing`   "digests": it was not begun, for the bundle or values are not there: send it again with them
        `refused`   "message": it cannot run there at all
"""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..core.artifacts import ArtifactRef
from ..core.errors import PluginError
from ..core.events import AttemptEnded
from ..core.orders import Order, Resolved
from ..core.records import dataclass, field
from ..core.supply import Blob
from .handshake import Speaker, here


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One attempt on its way."""

    token: str
    """Names the attempt among all of all runs: a place that gets it twice executes it once."""
    run: str
    bundle: str
    """Digest of the run's bundle."""
    order: Order
    carried: Mapping[str, bytes] = field(default_factory=dict)
    """sha256 -> bytes of values, and perhaps the bundle, that travel with it."""
    artifacts: str | None = None
    """Absolute directory both sides see, where values are exchanged; None: they travel by value."""
    work: str = ""
    """What it does, by `work_of`: attempts that do the same may stand for each other."""
    formers: tuple[str, ...] = ()
    """Tokens of attempts whose end the run has never heard of: when one of them did the same work, and is still there
    or has ended, it is waited for and its end is this one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """It was executed."""

    token: str
    fact: AttemptEnded
    carried: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """It was not begun: these are not there."""

    token: str
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It was not begun, and never will be there."""

    token: str
    message: str


Report = Ended | Missing | Refused


def token_of(run: str, order: Order) -> str:
    """Return the token of an attempt."""
    return f"{run}/{order.attempt}/{order.node}"


def work_of(bundle: str, order: Order) -> str:
    """Return a digest of what an attempt does: the same step of the same bundle, with the same inputs."""
    told = repr((bundle, order.node, order.operation, order.arguments, order.files))
    return hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()


def needs_of(order: Order) -> dict[str, int | None]:
    """Return the digests an order names whose bytes are not in it, with their sizes as far as it tells."""
    found: dict[str, int | None] = {}
    for _, value in order.arguments:
        for each in _leaves(value):
            if isinstance(each, Blob):
                found[each.sha256] = None
            elif isinstance(each, ArtifactRef) and each.inline is None:
                found[each.sha256] = each.size
    for _, ref in order.files:
        if ref.inline is None:
            found[ref.sha256] = ref.size
    return found


def encode_parcel(parcel: Parcel) -> bytes:
    """Return the bytes of a parcel."""
    head = {
        "token": parcel.token,
        "run": parcel.run,
        "bundle": parcel.bundle,
        "artifacts": parcel.artifacts,
        "work": parcel.work,
        "formers": parcel.formers,
    }
    return _joined({**head, **here()._asdict()}, (tuple(parcel.order), dict(parcel.carried)))


def speaker_of(data: bytes) -> tuple[str, Speaker]:
    """Return the token of a parcel and who sent it, without opening it.

    Raises:
        PluginError: it is no parcel.
    """
    head = _head(data)
    return head["token"], Speaker(head["graftline"], head["python"])


def decode_parcel(data: bytes) -> Parcel:
    """Return the parcel of the bytes. Only after `speaker_of` was found to fit.

    Raises:
        PluginError: they are no parcel.
    """
    head = _head(data)
    order, carried = _body(data)
    return Parcel(
        token=head["token"],
        run=head["run"],
        bundle=head["bundle"],
        artifacts=head["artifacts"],
        work=head["work"],
        formers=tuple(head["formers"]),
        order=Order(*order),
        carried=carried,
    )


def encode_report(report: Report) -> bytes:
    """Return the bytes of a report."""
    if isinstance(report, Ended):
        return _joined({"kind": "ended", "token": report.token}, (report.fact, dict(report.carried)))
    if isinstance(report, Missing):
        return _joined({"kind": "missing", "token": report.token, "digests": report.digests}, None)
    return _joined({"kind": "refused", "token": report.token, "message": report.message}, None)


def decode_report(data: bytes) -> Report:
    """Return the report of the bytes.

    Raises:
        PluginError: they are no report.
    """
    head = _head(data)
    match head.get("kind"):
        case "ended":
            fact, carried = _body(data)
            return Ended(token=head["token"], fact=fact, carried=carried)
        case "missing":
            return Missing(token=head["token"], digests=tuple(head["digests"]))
        case "refused":
            return Refused(token=head["token"], message=head["message"])
    raise PluginError(f"a report of the kind {head.get('kind')!r} is not known here")


def _leaves(value: Resolved) -> Iterator[Resolved]:
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _joined(head: Mapping[str, str | Sequence[str] | None], body: object) -> bytes:
    return json.dumps(head).encode() + b"\n" + pickle.dumps(body, protocol=5)


def _head(data: bytes) -> dict[str, Any]:
    line, newline, _ = data.partition(b"\n")
    try:
        head = json.loads(line)
    except ValueError:
        head = None
    if not newline or not isinstance(head, dict) or "token" not in head:
        raise PluginError(f"no parcel and no report: {data[:40]!r}")
    return head


def _body(data: bytes) -> Any:
    return pickle.loads(data[data.index(b"\n") + 1 :])
