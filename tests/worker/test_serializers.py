"""Values as bytes and back: equal, of the same types, in place where that is promised."""

from __future__ import annotations

import collections
import enum
import hashlib
import json
import math
import mmap
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graftline.core.artifacts import INLINE_LIMIT
from graftline.core.errors import StoreError
from graftline.worker.blobs import has_object, object_path, open_object, open_value, store, store_file
from graftline.worker.pickles import Damaged
from graftline.worker.serializers import CannotSerialize, dump, is_json, load


class Pair(NamedTuple):
    a: int
    b: int


class Level(enum.IntEnum):
    LOW = 1


class Text(str):
    pass


def through(value: object, kind: str = "auto") -> tuple[str, Any]:
    """Return the serializer and what comes back from a private copy of the bytes."""
    dumped = dump(value, kind)
    return dumped.serializer, load(dumped.serializer, bytearray(b"".join(dumped.parts)))


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5), max_leaves=20
)
any_values = st.recursive(
    scalars | st.floats() | st.binary() | st.complex_numbers(allow_nan=False) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.integers() | st.text(), inner, max_size=4)
    ),
    max_leaves=20,
)


def same(left: Any, right: Any) -> bool:
    """Tell whether two values are equal with all types, NaN, the sign of zero and dict order."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return (math.isnan(left) and math.isnan(right)) or (
            left == right and math.copysign(1, left) == math.copysign(1, right)
        )
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(map(repr, left)) == list(map(repr, right)) and all(same(left[key], right[key]) for key in left)
    return bool(left == right)


@given(json_values)
@settings(max_examples=200, deadline=None)
def test_json_values_come_back_equal_and_of_the_same_types(value: object) -> None:
    serializer, back = through(value)

    assert same(back, value)
    if not any(0xD800 <= ord(each) <= 0xDFFF for each in repr(value)):
        assert serializer == "json"


@given(any_values)
@settings(max_examples=200, deadline=None)
def test_every_value_comes_back_equal_and_of_the_same_types(value: object) -> None:
    assert same(through(value)[1], value)


@pytest.mark.parametrize(
    ("value", "serializer"),
    [
        (1, "json"),
        (-0.0, "json"),
        (10**3000, "json"),
        pytest.param(10**5000, "pickle", id="huge"),
        ((1, 2), "pickle"),
        ([(1,)], "pickle"),
        (Pair(1, 2), "pickle"),
        (Level.LOW, "pickle"),
        (Text("x"), "pickle"),
        ({1: 2}, "pickle"),
        ({"a": {1}}, "pickle"),
        (float("nan"), "pickle"),
        ([float("inf")], "pickle"),
        ("\ud800", "pickle"),
        (b"x", "pickle"),
        (collections.OrderedDict(a=1), "pickle"),
        (list(range(9_000)), "json"),
        (list(range(11_000)), "pickle"),
        (numpy.arange(3), "npy"),
        (numpy.float64(1.5), "pickle"),
        (numpy.array([None, "x"]), "pickle"),
        (numpy.ma.masked_array([1, 2], [True, False]), "pickle"),
        (pandas.DataFrame({"a": [1]}), "pickle"),
        (lambda: 1, "dill"),
    ],
)
def test_the_serializer_is_picked_by_the_exact_type(value: object, serializer: str) -> None:
    assert dump(value).serializer == serializer


def test_json_is_the_same_bytes_for_equal_values_and_keeps_the_order_of_keys() -> None:
    assert dump({"b": 1, "a": [True, None, "é"]}).parts == ['{"b":1,"a":[true,null,"é"]}'.encode()]
    assert json.loads(bytes(dump({"b": 1, "a": 2}).parts[0])) == {"b": 1, "a": 2}


def test_recursive_and_deep_structures_are_no_json_but_come_back() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    deep: list[Any] = []
    for _ in range(300):
        deep = [deep]

    serializer, back = through(loop)

    assert (serializer, back[0], back[1] is back) == ("pickle", 1, True)
    assert not is_json(deep)
    assert same(through(deep)[1], deep)


ARRAYS = [
    numpy.arange(12.0).reshape(3, 4),
    numpy.asfortranarray(numpy.arange(12.0).reshape(3, 4)),
    numpy.arange(24).reshape(2, 3, 4)[:, ::2, 1:],
    numpy.arange(10)[::-1],
    numpy.array(5.0),
    numpy.empty((0, 3)),
    numpy.array(["2026-01-01"], dtype="datetime64[D]"),
    numpy.array([1], dtype=">i4"),
    numpy.array(["ab", "c"]),
    numpy.array([b"ab"]),
    numpy.array([True, False]),
    numpy.array([1 + 2j]),
    numpy.zeros(2, dtype=[("a", "i4"), ("b", "f8", (2,))]),
    numpy.zeros(2, dtype=numpy.dtype([("a", "i1"), ("b", "f8")], align=True)),
    numpy.zeros(2, dtype="V7"),
    numpy.zeros(3, dtype="U0"),
    numpy.zeros(2, dtype=[("é", "i4")]),
    numpy.zeros(2, dtype=[("日", "i4")]),
    numpy.array([None, {"a": 1}], dtype=object),
    numpy.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: f"{array.dtype}{array.shape}")
def test_arrays_come_back_with_type_shape_dtype_and_order(array: Any) -> None:
    _, back = through(array)

    assert type(back) is type(array)
    assert (back.dtype, back.shape) == (array.dtype, array.shape)
    assert back.dtype.isalignedstruct == array.dtype.isalignedstruct
    assert back.tobytes() == array.tobytes() or array.dtype.hasobject
    assert back.flags.writeable


def test_an_npy_value_is_a_file_that_numpy_reads(tmp_path: Path) -> None:
    array = numpy.arange(10.0).reshape(2, 5).T
    path = tmp_path / "x.npy"
    path.write_bytes(b"".join(dump(array).parts))

    assert numpy.array_equal(numpy.load(path), array)


def test_a_contiguous_array_is_not_copied() -> None:
    array = numpy.zeros(1000)

    part = dump(array).parts[1]

    assert numpy.shares_memory(numpy.frombuffer(part, numpy.uint8), array)


FRAMES = [
    pandas.DataFrame({"a": range(5000), "b": numpy.linspace(0, 1, 5000), "c": [f"t{n}" for n in range(5000)]}),
    pandas.DataFrame(
        {"d": pandas.date_range("2026", periods=2000, tz="UTC"), "e": pandas.Categorical(["x", "y"] * 1000)}
    ),
    pandas.DataFrame({"o": [{"a": 1}, None, [2]]}, index=pandas.MultiIndex.from_product([["a"], [1, 2, 3]])),
    pandas.DataFrame(),
]


@pytest.mark.parametrize("frame", FRAMES, ids=range(4))
def test_frames_come_back_exactly(frame: pandas.DataFrame) -> None:
    serializer, back = through(frame)

    assert serializer == "pickle"
    pandas.testing.assert_frame_equal(back, frame, check_exact=True, check_freq=True)


def test_a_frame_from_an_object_file_lives_in_a_private_map(tmp_path: Path) -> None:
    ref = store(dump(pandas.DataFrame({"x": numpy.arange(100_000.0)})), str(tmp_path))

    frame: Any = open_value(str(tmp_path), ref.serializer, ref.sha256, ref.size)
    frame["x"].to_numpy(copy=False)
    frame.loc[0, "x"] = 99.0
    other: Any = open_value(str(tmp_path), ref.serializer, ref.sha256, ref.size)

    assert _base(other["x"].to_numpy()) is mmap.mmap
    assert (frame["x"].iloc[0], other["x"].iloc[0]) == (99.0, 0.0)


def _base(array: Any) -> type:
    while getattr(array, "base", None) is not None:
        array = array.base
    return type(array.obj if isinstance(array, memoryview) else array)


def test_kinds_asked_for_by_name_are_taken_or_refused_with_a_reason() -> None:
    assert through((1, numpy.float64(2.0), numpy.arange(2)), "json") == ("json", [1, 2.0, [0, 1]])
    assert through(1, "pickle") == ("pickle", 1)
    assert through(b"x", "file") == ("file", b"x")
    with pytest.raises(CannotSerialize, match="set cannot be written as json"):
        dump({1}, "json")
    with pytest.raises(CannotSerialize, match="float cannot be written as json"):
        dump(float("nan"), "json")
    with pytest.raises(CannotSerialize, match="there is no serializer 'xml'"):
        dump(1, "xml")


@pytest.mark.parametrize("library", ["polars", "pyarrow", "pandas"])
def test_frames_travel_as_arrow(library: str, tmp_path: Path) -> None:
    module: Any = pytest.importorskip(library)
    pytest.importorskip("polars" if library == "polars" else "pyarrow")
    columns = {"a": list(range(5000)), "b": ["x"] * 5000}
    frame = module.table(columns) if library == "pyarrow" else module.DataFrame(columns)

    dumped = dump(frame, "arrow" if library == "pandas" else "auto")
    ref = store(dumped, str(tmp_path))
    back: Any = open_value(str(tmp_path), ref.serializer, ref.sha256, ref.size)

    assert ref.serializer == f"arrow:{library}"
    assert type(back) is type(frame)
    assert back.equals(frame)


def test_arrow_is_for_frames_alone() -> None:
    with pytest.raises(CannotSerialize, match="arrow takes frames of polars, pandas and pyarrow, not int"):
        dump(1, "arrow")


def test_a_broken_reduce_is_reported_and_not_raised() -> None:
    class Sulky:
        def __reduce__(self) -> Any:
            raise RuntimeError("no")

    with pytest.raises(CannotSerialize, match="Sulky cannot be pickled: no"):
        dump(Sulky())
    with pytest.raises(Damaged):
        load("pickle", b"nonsense that is long enough for a header")


@pytest.mark.parametrize("size", [0, INLINE_LIMIT, INLINE_LIMIT + 1, 300_000, 3_000_000])
def test_bytes_of_any_size_are_stored_once_and_found_again(tmp_path: Path, size: int) -> None:
    data = os.urandom(size)

    ref = store(dump(data, "file"), str(tmp_path))
    again = store(dump(data, "file"), str(tmp_path))

    assert ref == again
    assert (ref.inline is not None) == (size <= INLINE_LIMIT)
    if ref.inline is None:
        path = Path(object_path(str(tmp_path), ref.sha256))
        assert path.read_bytes() == data
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert bytes(open_object(str(tmp_path), ref.sha256, size)) == data
    assert not list(tmp_path.glob(".tmp*"))


@pytest.mark.parametrize("size", [10_000, 3_000_000])
@pytest.mark.parametrize("harm", ["cut", "same size"])
def test_an_object_that_is_damaged_is_written_anew(tmp_path: Path, size: int, harm: str) -> None:
    data = os.urandom(size)
    digest = hashlib.sha256(data).hexdigest()
    path = Path(object_path(str(tmp_path), digest))
    path.parent.mkdir()
    path.write_bytes(data[:5] if harm == "cut" else bytes(size))  # by another process: this one has not seen it whole

    assert not has_object(str(tmp_path), digest, size)
    store(dump(data, "file"), str(tmp_path))

    assert path.read_bytes() == data
    assert has_object(str(tmp_path), digest, size)


def test_a_store_that_cannot_be_written_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="a value cannot be written: No such file or directory"):
        store(dump(b"x" * 10_000, "file"), str(tmp_path / "nowhere"))


def test_a_full_disk_leaves_no_half_object(tmp_path: Path) -> None:
    # Given a process that may write files of 64 KiB at most: what a full disk looks like from inside.
    code = (
        "import resource, signal, sys\n"
        "from graftline.worker.blobs import store\n"
        "from graftline.worker.serializers import dump\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
        "for size in (200_000, 3_000_000):\n"
        "    try: store(dump(b'x' * size, 'file'), sys.argv[1])\n"
        "    except Exception as problem: print(type(problem).__name__, problem.message)\n"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}

    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, env=environ, timeout=30, check=True
    )

    assert done.stdout == "StoreError a value cannot be written: File too large\n" * 2
    assert list(tmp_path.iterdir()) == []


def test_a_users_file_is_copied_so_that_later_writes_do_not_reach_the_store(tmp_path: Path) -> None:
    source, objects = tmp_path / "data.bin", tmp_path / "objects"
    objects.mkdir()
    source.write_bytes(b"a" * 2_000_000)

    ref = store_file(str(source), str(objects))
    with open(source, "r+b") as file:
        file.write(b"zzz")
    digest_only = store_file(str(source), str(tmp_path / "nowhere"), keep_copy=False)

    assert bytes(open_object(str(objects), ref.sha256, ref.size)) == b"a" * 2_000_000
    assert digest_only.size == 2_000_000
    assert digest_only.sha256 != ref.sha256
