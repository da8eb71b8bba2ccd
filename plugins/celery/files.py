"""Kombu's filesystem transport, with messages that appear whole.

Kombu writes a message under the name its readers look for, so that one of them now and then takes an empty file, loses
the message and dies of it (seen within 200 messages). Here it is written beside, and renamed.
"""

from __future__ import annotations

import os
import time
import uuid
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class WholeChannel(filesystem.Channel):  # type: ignore[misc]  # kombu has no types
    """Puts messages at once, in the order of nanoseconds where kombu has milliseconds; names sort among kombu's."""

    def _put(self, queue: str, payload: Any, **options: Any) -> None:
        name = f"{time.monotonic_ns()}_{uuid.uuid4()}.{queue}.msg"
        folder = self.data_folder_out
        beside = os.path.join(folder, f".{name}.part")
        try:
            with open(beside, "wb") as file:
                file.write(str_to_bytes(dumps(payload)))
            os.rename(beside, os.path.join(folder, name))
        except OSError as problem:
            raise ChannelError(f"{folder}: {problem.strerror}") from problem
