"""numpy arrays as real .npy files whose data can be used in place.

Source: "NPY format", numpy.lib.format (versions 1.0 to 3.0). numpy pads the header so that the data begin at a
multiple of 64 bytes; in a map of the file the array is therefore aligned.
numpy is imported by nothing here: a value of its type proves that it is loaded, and reading one needs it anyway.
"""

from __future__ import annotations

import io
import sys
from typing import Any

_SIMPLE_KINDS = frozenset("biufcSUmM")


def is_plain(value: Any) -> bool:
    """Tell whether a value of numpy is an array that .npy holds exactly: no subclass, no objects, no odd dtype."""
    numpy = sys.modules["numpy"]
    if type(value) is not numpy.ndarray:
        return False
    dtype = value.dtype
    if dtype.hasobject or dtype.itemsize == 0 or dtype.metadata:
        return False
    if dtype.kind in _SIMPLE_KINDS:
        return True
    return _survives(numpy, dtype)


def dump(array: Any) -> list[bytes | memoryview]:
    """Return the header and the array's own memory; only an array that is contiguous in no order is copied."""
    numpy = sys.modules["numpy"]
    header = io.BytesIO()
    described = numpy.lib.format.header_data_from_array_1_0(array)
    if not (array.flags.c_contiguous or array.flags.f_contiguous):
        array = numpy.ascontiguousarray(array)
    _write_header(numpy, header, described)
    flat = (array.T if described["fortran_order"] else array).reshape(-1)
    if flat.nbytes == 0:
        return [header.getvalue()]
    return [header.getvalue(), memoryview(flat.view(numpy.uint8))]


def load(buffer: bytes | bytearray | memoryview) -> Any:
    """Return an array over the buffer itself: writable where the buffer is."""
    import numpy

    head = io.BytesIO(memoryview(buffer)[: 1 << 16])
    version = numpy.lib.format.read_magic(head)
    if version == (1, 0):
        shape, is_fortran, dtype = numpy.lib.format.read_array_header_1_0(head)
    else:  # 2.0 and 3.0 differ in the header's encoding alone, and their headers may be long
        shape, is_fortran, dtype, head = _long_header(numpy, buffer)
    count = 1
    for length in shape:
        count *= length
    if count == 0:
        return numpy.empty(shape, dtype, order="F" if is_fortran else "C")
    flat = numpy.frombuffer(buffer, dtype=dtype, count=count, offset=head.tell())
    return flat.reshape(shape[::-1]).T if is_fortran else flat.reshape(shape)


def _write_header(numpy: Any, file: io.BytesIO, described: Any) -> None:
    try:
        numpy.lib.format.write_array_header_1_0(file, described)
    except ValueError:  # above 64 KiB, or field names outside latin-1
        numpy.lib.format.write_array_header_2_0(file, described)


def _long_header(numpy: Any, buffer: Any) -> tuple[Any, bool, Any, io.BytesIO]:
    head = io.BytesIO(buffer)
    numpy.lib.format.read_magic(head)
    shape, is_fortran, dtype = numpy.lib.format.read_array_header_2_0(head, max_header_size=1 << 24)
    return shape, is_fortran, dtype, head


def _survives(numpy: Any, dtype: Any) -> bool:
    """Tell whether a structured or foreign dtype comes back from its description; latin-1 names only."""
    try:
        form = numpy.lib.format
        description = form.dtype_to_descr(dtype)
        repr(description).encode("latin-1")
        back = form.descr_to_dtype(description)
        return bool(
            back == dtype and back.isalignedstruct == dtype.isalignedstruct and dtype.kind == "V" and dtype.names
        )
    except Exception:  # noqa: BLE001  foreign dtypes may refuse anything; pickle takes them
        return False
