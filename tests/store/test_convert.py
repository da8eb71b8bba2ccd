"""Values as the store keeps them: one text, strict JSON, and back."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from graftline.core.canonical import canonical, plain
from graftline.store.convert import dump, load

_keys = st.sampled_from(["a", "$float", "$dict", '{"$'])
_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from([0.5, math.inf, -math.inf]) | _keys,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_keys, inner, max_size=2),
    max_leaves=5,
)


@given(_values)
def test_a_value_has_the_canonical_text_and_comes_back_from_it(value: Any) -> None:
    text = dump(value)

    assert text == canonical(plain(value))
    assert load(text) == value


def test_what_json_lacks_is_wrapped() -> None:
    assert math.isnan(load(dump({"loss": math.nan}))["loss"])
