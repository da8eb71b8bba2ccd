"""Facts as the text of one event row. The four facts of each attempt are written by hand: 9 us instead of 36."""

from __future__ import annotations

import json
from collections.abc import Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from ..core.artifacts import Output
from ..core.codec import facts_to_json
from ..core.events import AttemptDispatched, AttemptSucceeded, Fact, ResultKept, StepJudged, StepReused

encode = json.JSONEncoder(separators=(",", ":")).encode


def facts_text(facts: Sequence[Fact]) -> str:
    """Return facts as a JSON array, the same as `facts_to_json` without bytes."""
    texts = []
    at, at_text = None, ""
    for fact in facts:
        if fact.at is not at:  # all of a pass begin at one time, and what is kept has that of its attempt: 0.5 us each
            at = fact.at
            at_text = repr(at)
        texts.append(_text(fact, at_text))
    return f"[{','.join(texts)}]"


def _text(fact: Any, at: str) -> str:
    kind = type(fact)
    if kind is AttemptDispatched:
        return f'{{"kind":"AttemptDispatched","node":{quoted(fact.node)},"attempt":{fact.attempt},"at":{at}}}'
    if kind is AttemptSucceeded and not fact.metrics and fact.reason is None and not fact.reads:
        peak = "null" if fact.peak_bytes is None else fact.peak_bytes
        return (
            f'{{"kind":"AttemptSucceeded","node":{quoted(fact.node)},"attempt":{fact.attempt},"at":{at},'
            f'"started":{fact.started!r},"seconds":{fact.seconds!r},"cpu_seconds":{fact.cpu_seconds!r},'
            f'"peak_bytes":{peak},"worker":{quoted(fact.worker)},"outputs":[{_outputs(fact.outputs)}]}}'
        )
    if kind is StepJudged:
        detail = f',"detail":{quoted(fact.detail)}' if fact.detail is not None else ""
        return f'{{"kind":"StepJudged","node":{quoted(fact.node)},"at":{at},"verdict":"{fact.verdict}"{detail}}}'
    if kind is ResultKept and not fact.seen:
        return f'{{"kind":"ResultKept","node":{quoted(fact.node)},"attempt":{fact.attempt},"at":{at}}}'
    if kind is StepReused and not fact.metrics and fact.from_run is not None:
        outputs = f',"outputs":[{_outputs(fact.outputs)}]' if fact.outputs else ""
        return (
            f'{{"kind":"StepReused","node":{quoted(fact.node)},"at":{at},"from_run":{quoted(fact.from_run)}{outputs}}}'
        )
    return encode(facts_to_json([fact], with_bytes=False)[0])


def _outputs(outputs: Sequence[Output]) -> str:
    return ",".join(
        [
            f'{{"name":{quoted(name)},"sha256":"{sha256}","size":{size},"serializer":{quoted(serializer)}'
            + ("}" if role == "value" else f',"role":{quoted(role)}}}')
            for name, role, (sha256, size, serializer, _) in outputs
        ]
    )
