"""Secrets never get through, in no form and across no border of chunks."""

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graftline.worker.secrets import Masker, mask, mask_text, too_short

SECRETS = {"A": 'p@ss w/rd+1é"x', "B": 'p@ss w/rd+1é"x-longer', "C": "multi\nline-of-key\nvalue", "D": "tiny"}
VALUE = SECRETS["A"]
FORMS = {
    "raw": VALUE,
    "json": json.dumps({"key": VALUE}),
    "json unicode": json.dumps(VALUE, ensure_ascii=False),
    "repr": repr([VALUE]),
    "url": urllib.parse.quote(VALUE, safe=""),
    "form": urllib.parse.urlencode({"q": VALUE}),
    "hex": VALUE.encode().hex(),
    "base64": base64.b64encode(VALUE.encode()).decode(),
    "basic auth": base64.b64encode(f"user:{VALUE}".encode()).decode(),
    "basic auth, other place": base64.b64encode(f"user1:{VALUE}:end".encode()).decode(),
    "url base64": base64.urlsafe_b64encode(f"xx{VALUE}".encode()).decode(),
    "line of a key": "line-of-key",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_secret_is_masked(form: str) -> None:
    text = f"before {FORMS[form]} after"

    masked = mask_text(text, SECRETS)

    assert "***" in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")
    assert VALUE not in masked
    for size in range(12, len(FORMS[form])):
        if form.startswith("basic"):
            assert base64.b64encode(VALUE.encode())[4:12].decode() not in masked
        assert size > 12 or len(masked) < len(text)


def test_a_secret_inside_another_leaves_no_rest() -> None:
    assert mask_text(SECRETS["B"], SECRETS) == "***"


def test_short_and_empty_secrets_are_left_alone_and_named() -> None:
    assert too_short({"A": "", "B": "12345", "C": "123456"}) == ["A", "B"]
    assert mask(b"a tiny thing", {"D": "tiny", "E": ""}) == b"a tiny thing"
    assert mask(b"anything", {}) == b"anything"


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_a_stream_cut_anywhere_is_masked_as_if_it_came_whole(data: st.DataObject) -> None:
    pieces = data.draw(
        st.lists(
            st.sampled_from([*FORMS.values(), *SECRETS.values(), "p@ss ", "p@ss w/rd", "\n", "text", "p"]), max_size=6
        )
    )
    whole = "".join(pieces).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    masker = Masker(SECRETS)

    shown = b""
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        shown += masker.feed(whole[start:end])
    shown += masker.flush()

    for name in ("A", "B"):
        assert SECRETS[name].encode() not in shown
    assert shown.replace(b"***", b"") == mask(whole, SECRETS).replace(b"***", b"")


def test_a_line_that_cannot_be_a_secret_is_not_held_back() -> None:
    masker = Masker({"A": "secret-value"})

    assert masker.feed(b"all of it.") == b"all of it."
    assert masker.feed(b" and sec") == b" and "
    assert masker.feed(b"ond") == b"second"
    assert masker.feed(b" secret-val") == b" "
    assert masker.flush() == b"secret-val"
