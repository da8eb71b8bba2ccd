"""What the shop does. Plain functions: nothing here knows of a pipeline."""

from __future__ import annotations

import os
import signal
from pathlib import Path


def open_doors() -> None:
    print("the shop is open")


def break_down() -> None:
    raise RuntimeError("the till is stuck")


def fall_dead() -> None:
    """End the process as the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def check_plain(count: int, rate: float, city: str, basket: dict[str, int | str], channel: str) -> None:
    assert (count, rate, city, channel) == (1, 3.14, "Turin", "web")
    assert basket == {"items": 10, "currency": "EUR"}


def write_files() -> None:
    Path("orders.csv").write_text("article,price\ntea,4.0\njam,3.5\n")
    Path("archive").mkdir(exist_ok=True)
    Path("archive/notes.txt").write_text("three orders came by phone\n")


def read_files() -> int:
    assert "by phone" in Path("archive/notes.txt").read_text()
    return len(Path("orders.csv").read_text().splitlines())


def check_no_files() -> None:
    assert not Path("orders.csv").exists()
    assert not Path("archive/notes.txt").exists()


def weigh(lot: int) -> int:
    return lot * 10


def weigh_but_first(lot: int) -> int:
    if lot == 1:
        raise RuntimeError("the scales are wet")
    return lot * 10


def weigh_if_dry(lot: int) -> int:
    assert_dry()
    return lot * 10


def check_lot(lot: int, weighed: int, packed: int, shipped: int) -> None:
    assert (weighed, packed, shipped) == (lot * 10, lot * 100, lot * 1000)


def check_all(weighed: list[int], packed: list[int], shipped: list[int]) -> None:
    assert weighed == [10, 20, 30]
    assert packed == [100, 200, 300]
    assert shipped == [1000, 2000, 3000]


def check_heaviest(weighed: int, packed: int, shipped: int) -> None:
    assert (weighed, packed, shipped) == (30, 300, 3000)


def list_lots() -> list[int]:
    return [1, 2, 3, 4, 5]


def add_up(weighed: list[int]) -> int:
    return sum(weighed)


def assert_dry() -> None:
    if os.environ.get("DRY") != "yes":
        raise RuntimeError("it rains")


def raise_price(price: int) -> int:
    return price + 1


def check_price(price: int, greeting: str) -> None:
    assert_dry()
    assert (price, greeting) == (42, "good morning")


def toss() -> str:
    side = os.environ.get("SIDE", "heads")
    print(f"it shows {side}")
    return side


def pay_by_card() -> str:
    return "card"


def pay_in_cash() -> str:
    return "cash"


def check_paid(payment: str) -> str:
    assert payment in ("card", "cash")
    return f"paid by {payment}"


def count_bread() -> int:
    return 12


def count_cheese() -> int:
    return 7


def count_wine() -> int:
    return 30


def check_shelves(bread: int, cheese: int, wine: int) -> int:
    return bread + cheese + wine


def knead() -> bool:
    """Tell whether the dough is ready; the number of the turn comes as an environment variable."""
    return int(os.environ["turn"]) >= 3  # noqa: SIM112  a parameter's own name


def taste(turn: int) -> tuple[int, bool, str]:
    return turn, False, f"needs salt after turn {turn}"


def check_turns(tried: int, is_good: bool) -> tuple[int, bool]:
    assert (tried, is_good) == (2, False)
    return tried, True


def weigh_what_is_there(lot: object) -> str:
    return f"<{lot}>"


def count_all(seen: list[str]) -> int:
    return len(seen)


def show_weight(weighed: int) -> int:
    return weighed


def check_plain_if_dry(count: int, rate: float, city: str, basket: dict[str, int | str], channel: str) -> None:
    assert_dry()
    check_plain(count, rate, city, basket, channel)


def raise_price_if_dry(price: int) -> int:
    assert_dry()
    return price + 1


def raise_price_at_second_try(price: int) -> int:
    been_here = Path("been_here")
    if not been_here.exists():
        been_here.write_text(str(price + 1))
        raise RuntimeError("the pen is empty")
    return price + 1


def spoil() -> int:
    return -1


def show_price(price: int) -> int:
    return price


def list_prices(price: int, raised: int) -> list[int]:
    return [price, raised]
