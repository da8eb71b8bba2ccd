"""03-parameters: given ones into steps of every kind, and values from step to step."""

from __future__ import annotations

from shop_runs import Outcome, Shop

GIVEN = {"count": 1, "rate": 3.14, "city": "Turin", "basket": {"items": 10, "currency": "EUR"}}


def test_a_file_and_the_environment_give_parameters_to_python(shop: Shop) -> None:
    run = shop.run("parameters.py:given_to_python", GRAFTLINE_PRM_channel="web")

    assert run.states == {"typed": "SUCCESS", "plain": "SUCCESS"}
    assert run.steps["typed"]["params"] == run.steps["plain"]["params"] == {**GIVEN, "channel": "web"}


def test_notebooks_and_commands_get_the_same_parameters(shop: Shop) -> None:
    run = shop.run("parameters.py:given_to_others")

    assert run.states == {"in notebook": "SUCCESS", "in shell": "SUCCESS"}
    assert run.steps["in notebook"]["params"] == run.steps["in shell"]["params"] == GIVEN
    assert run.logs("in shell") == "all there\n"


def test_a_recovery_gets_them_too(shop: Shop) -> None:
    run = shop.run("parameters.py:given_to_recovery")

    assert run.state == "SUCCESS"
    assert run.states["fails"] == "FAILURE"
    assert run.states["fails/on_failure/in notebook"] == "SUCCESS"
    assert run.steps["fails/on_failure/in notebook"]["params"] == GIVEN


def check_taken(run: Outcome) -> None:
    assert run.state == "SUCCESS"
    assert [run.value(name) for name in ("count", "rate", "city")] == [1, 3.14, "Turin"]
    assert run.metrics["margin"] == 0.9


def test_objects_models_and_metrics_go_from_step_to_step(shop: Shop) -> None:
    run = shop.run("parameters.py:passed_by_python")

    check_taken(run)
    assert run.value("lines").shape == (3, 2)
    assert run.value("total") == 9.75


def test_variables_of_a_notebook_do_too_and_it_is_executed_once(shop: Shop) -> None:
    """There it is executed a second time to read them."""
    run = shop.run("parameters.py:passed_by_notebook")

    check_taken(run)
    assert run.value("lines").shape == (3, 2)
    assert run.value("total") == 9.75
    assert set(run.states.values()) == {"SUCCESS"}
    assert (shop.root / "taken.txt").read_text() == "taken\n"


def test_variables_of_a_command_become_values(shop: Shop) -> None:
    run = shop.run("parameters.py:passed_by_shell")

    check_taken(run)
    assert run.value("basket") == {"items": 10, "currency": "EUR"}
    assert run.logs("in shell") == "all there\n"
