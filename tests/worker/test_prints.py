"""A function that holds values is fingerprinted by its code and by their content."""

from __future__ import annotations

import os

import print_functions as functions

from graftline.core.fingerprints.trace import Tracer
from graftline.worker.prints import Prints

ROOT = os.path.dirname(os.path.abspath(functions.__file__))


def prints() -> Prints:
    def read(file: str) -> str | None:
        try:
            with open(file, encoding="utf-8") as source:
                return source.read()
        except OSError:
            return None

    return Prints(ROOT, Tracer(ROOT, [ROOT], read))


def digest(function: object) -> str:
    return prints().of(function).digest  # type: ignore[arg-type]  # anything callable is tried


def test_an_importable_function_is_its_code() -> None:
    found = prints().of(functions.plain)

    assert list(found.parts) == ["print_functions.py:SCALE", "print_functions.py:plain"]
    assert found.dynamics == ()


def test_a_closure_differs_by_what_it_holds_and_not_by_when_it_was_made() -> None:
    assert digest(functions.made(1)) == digest(functions.made(1))
    assert digest(functions.made(1)) != digest(functions.made(2))
    assert digest(functions.made({"a": [1, (2,)]})) == digest(functions.made({"a": [1, (2,)]}))


def test_a_closure_over_a_function_depends_on_that_function() -> None:
    assert digest(functions.calling(functions.plain)) != digest(functions.calling(functions.added))
    assert "print_functions.py:SCALE" in prints().of(functions.calling(functions.plain)).parts


def test_functions_and_classes_inside_of_held_values_count() -> None:
    found = prints().of(functions.made({"clean": [functions.plain], "model": functions.Model(1)}))

    assert {"print_functions.py:plain", "print_functions.py:SCALE", "print_functions.py:Model"} <= found.parts.keys()


def test_a_value_counts_by_its_class_and_the_functions_in_it() -> None:
    found = prints().value([functions.Model(1), functions.added])

    assert {"print_functions.py:Model", "print_functions.py:added"} <= found.parts.keys()
    assert prints().value({"a": [1, "b"]}).parts == {}


def test_lambdas_are_told_apart_by_their_lines() -> None:
    first, second = functions.lambdas()

    assert digest(first) != digest(second)


def test_a_partial_depends_on_its_arguments_and_its_function() -> None:
    assert digest(functions.add_two) != digest(functions.add_three)
    assert "print_functions.py:added" in prints().of(functions.add_two).parts


def test_a_bound_method_depends_on_its_object() -> None:
    assert digest(functions.Model(1).fit) == digest(functions.Model(1).fit)
    assert digest(functions.Model(1).fit) != digest(functions.Model(2).fit)
    assert digest(functions.Model(1)) != digest(functions.Model(2))


def test_a_function_of_an_installed_package_is_that_package() -> None:
    import numpy

    found = prints().of(numpy.mean)

    assert found.parts == {}
    assert "numpy" in found.packages


def test_a_builtin_has_no_parts() -> None:
    assert prints().of(len).parts == {}


def test_a_value_that_cannot_be_pickled_makes_the_fingerprint_dynamic() -> None:
    generator = (each for each in range(3))

    assert prints().of(functions.made(generator)).dynamics != ()
