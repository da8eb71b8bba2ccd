"""Prices from a supplier whose line is bad and whose files are broken at times: nothing here knows of graftline."""

import json
from pathlib import Path

TRIES = Path("out/tries")


def fetch(file: str = "inbox/prices.json", bad_tries: int = 2) -> str:
    """Return the text of a file; the line breaks at the first tries.

    Raises:
        ConnectionError: at the first `bad_tries` calls.
    """
    TRIES.parent.mkdir(exist_ok=True)
    tries = int(TRIES.read_text()) + 1 if TRIES.exists() else 1
    TRIES.write_text(str(tries))
    if tries <= bad_tries:
        raise ConnectionError(f"the line broke at try {tries}")
    return Path(file).read_text()


def parse(text: str) -> dict[str, float]:
    """Return prices by article.

    Raises:
        ValueError: the text is no JSON, or a price is none.
    """
    prices = json.loads(text)
    for article, price in prices.items():
        if not price > 0:
            raise ValueError(f"{article} costs {price}")
    return prices


def publish(prices: dict[str, float]) -> int:
    """Write the price list to out/prices.csv and return its length."""
    write(prices, "as of today")
    return len(prices)


def take_yesterdays() -> dict[str, float]:
    """Return the prices of yesterday."""
    return json.loads(Path("archive/prices.json").read_text())


def publish_old(yesterdays: dict[str, float]) -> None:
    """Write yesterday's price list, and say so in it."""
    write(yesterdays, "as of yesterday")


def write(prices: dict[str, float], note: str) -> None:
    """Write a price list."""
    rows = [f"{article},{price}" for article, price in sorted(prices.items())]
    Path("out").mkdir(exist_ok=True)
    Path("out/prices.csv").write_text("\n".join([f"# {note}", *rows, ""]))
