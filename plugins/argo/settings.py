"""What `[runner.NAME]` says to the argo runner: every mistake is found before anything is written."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from ...core.errors import InvalidError, nearest
from ...core.records import dataclass, field, names_of
from .names import is_label

_CRON = re.compile(r"(@(yearly|annually|monthly|weekly|daily|midnight|hourly))|([\w*/,?-]+( +[\w*/,?-]+){4})")
"""Five fields, or a word. Source: Argo Workflows, "Cron Workflows", cron schedule syntax."""
_DOMAIN = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgoSettings:
    """How the steps of a pipeline become pods."""

    image: str
    """Image with graftline, the packages of the project and the command `graft`."""
    artifacts: str
    """Absolute directory here that is the volume's: the bundle is laid out in it."""
    claim: str
    """Name of the persistent volume claim that pods mount."""
    mount: str = "/graftline"
    """Where pods have it."""
    sub_path: str | None = None
    """Directory of the volume that is mounted; None: its root."""
    path: str | None = None
    """File that is written, from the project's root on; `-`: the terminal. None: `NAME.argo.yaml`."""
    name: str | None = None
    """Of the WorkflowTemplate; None: the pipeline's."""
    namespace: str | None = None
    service_account: str | None = None
    schedule: str | None = None
    """When a CronWorkflow submits it, as five fields; None: there is none."""
    timezone: str | None = None
    """Of the schedule; None: that of Argo's controller."""
    secret: str | None = None
    """Name of the Kubernetes secret whose keys are the names of the secrets that steps ask for."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of every pod."""
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Label of a step -> node selector of its pods."""
    gpu: str = "nvidia.com/gpu"
    """What Kubernetes calls the resource."""
    ignore: tuple[str, ...] = ()
    """Named limits of steps that are kept by nobody there."""
    command: tuple[str, ...] = ("graft",)
    """What starts graftline in the image."""
    parallelism: int | None = None
    """Pods at once; None: as many as Argo starts."""


def settings_of(options: Mapping[str, Any]) -> ArgoSettings:
    """Return the options of the runner, checked.

    Raises:
        InvalidError: options are unknown, missing or wrong; all of them in one message.
    """
    known = names_of(ArgoSettings)
    problems = [
        InvalidError(f"the runner 'argo' has no option '{name}'{nearest(name, known)}", f"options: {', '.join(known)}")
        for name in options
        if name not in known
    ]
    for name, why in _REQUIRED.items():
        if not options.get(name):
            problems.append(InvalidError(f"the runner 'argo' needs {name}", f"[runner.NAME] {name} = {why}"))
    for name, (is_right, wanted) in _CHECKS.items():
        if options.get(name) is not None and (name not in _REQUIRED or options[name]) and not is_right(options[name]):
            problems.append(InvalidError(f"{name} = {_told(options[name])} is not {wanted}"))
    if options.get("timezone") is not None and options.get("schedule") is None:
        problems.append(InvalidError("a timezone goes with a schedule", '[runner.NAME] schedule = "0 3 * * *"'))
    if problems:
        raise InvalidError.all_of(problems)
    tuples = {name: tuple(options[name]) for name in ("ignore", "command") if name in options}
    return ArgoSettings(**{**options, **tuples})


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != "" and value.isprintable() and "{{" not in value


def _is_image(value: object) -> bool:
    return _is_text(value) and not re.search(r"\s", str(value))


def _is_absolute(value: object) -> bool:
    return _is_text(value) and os.path.isabs(str(value))


def _is_label(value: object) -> bool:
    return isinstance(value, str) and is_label(value)


def _is_domain(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 253 and _DOMAIN.fullmatch(value) is not None


def _is_schedule(value: object) -> bool:
    return isinstance(value, str) and _CRON.fullmatch(value) is not None


def _is_zone(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(ZoneInfo(value))
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError, below
        return False
    except KeyError:
        return False


def _is_environment(value: object) -> bool:
    return isinstance(value, dict) and all(
        _VARIABLE.fullmatch(name) and isinstance(text, str) for name, text in value.items()
    )


def _are_selectors(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(each, dict) and each and all(isinstance(text, str) for text in each.values())
        for each in value.values()
    )


def _are_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(_is_text(each) for each in value)


def _told(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else repr(value)


_REQUIRED = {
    "image": '"registry/image:tag", with graftline and the packages of the project in it',
    "artifacts": '"/mnt/volume", the directory here that pods have as their volume',
    "claim": '"graftline", the persistent volume claim with that directory',
}
_NAME = "a name that Kubernetes takes: letters a-z, digits and hyphens, at most 63"
_CHECKS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "image": (_is_image, "the name of an image"),
    "artifacts": (_is_absolute, "an absolute directory"),
    "claim": (_is_domain, _NAME),
    "mount": (_is_absolute, "an absolute directory"),
    "sub_path": (lambda value: _is_text(value) and not os.path.isabs(str(value)), "a relative directory"),
    "path": (_is_text, "a file"),
    "name": (_is_label, _NAME),
    "namespace": (_is_label, _NAME),
    "service_account": (_is_domain, _NAME),
    "schedule": (_is_schedule, "a schedule: five fields, as in '0 3 * * *'"),
    "timezone": (_is_zone, "a time zone, as in 'Europe/Vienna'"),
    "secret": (_is_domain, _NAME),
    "env": (_is_environment, "a table of environment variables: NAME = text"),
    "labels": (_are_selectors, 'a table of node selectors: gpu = {"cloud/accelerator" = "a100"}'),
    "gpu": (_is_text, "the name of a resource"),
    "ignore": (_are_texts, "a list of names"),
    "command": (lambda value: _are_texts(value) and bool(value), "a list of words"),
    "parallelism": (lambda value: type(value) is int and value > 0, "a whole number above 0"),
}
