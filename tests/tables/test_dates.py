"""Dates and times as programs and people write them, against the standard library."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from nncli.data.preprocessing import fit, treatments
from nncli.data.settings import ColumnConfig, PreprocessingConfig
from nncli.tables.column import Column
from nncli.tables.dates import are_compact, days, is_date, order_of
from nncli.tables.reading import parse_csv

RNG = random.Random(0)
MOMENTS = [
    datetime(1990, 1, 1, tzinfo=UTC) + timedelta(minutes=RNG.randrange(40 * 366 * 24 * 60))
    for _ in range(200)
]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Formats of strftime, and what a date without the rest stands for.
DAYS = [
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%m/%d/%y",
    "%d-%m-%Y",
    "%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%B %d %Y", "%Y-%b-%d",
    "%a, %d %b %Y", "%A, %B %d, %Y", "%d%b%Y", "%b-%d-%Y", "%G-W%V-%u", "%GW%V%u",
]  # fmt: skip
CLOCKS = ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%H:%M:%SZ", "%H:%M:%S%z", "%H:%M:%S.000"]


def since_1970(moment: datetime) -> float:
    return (moment - EPOCH) / timedelta(days=1)


def whole(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0)


@pytest.mark.parametrize("form", DAYS)
def test_days_are_found_in_every_spelling(form: str) -> None:
    cells = [moment.strftime(form) for moment in MOMENTS]
    assert all(map(is_date, cells))
    assert Column(cells).kind == "date"
    order, _ = order_of(cells)
    assert days(cells, order).tolist() == [since_1970(whole(moment)) for moment in MOMENTS]


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize(
    "form", ["%Y-%m-%d {}", "%Y-%m-%dT{}", "%d.%m.%Y {}", "%b %d, %Y {}", "%b %d, %Y, {}"]
)
def test_times_of_day_are_fractions(form: str, clock: str) -> None:
    cells = [moment.strftime(form.format(clock)) for moment in MOMENTS]
    order, _ = order_of(cells)
    np.testing.assert_allclose(days(cells, order), list(map(since_1970, MOMENTS)), rtol=0, atol=1e-10)


def test_time_zones_are_converted() -> None:
    zones = [timezone(timedelta(hours=RNG.randrange(-11, 13), minutes=RNG.choice([0, 30]))) for _ in MOMENTS]
    cells = [moment.astimezone(zone).isoformat() for moment, zone in zip(MOMENTS, zones, strict=True)]
    np.testing.assert_allclose(days(cells, "month first"), list(map(since_1970, MOMENTS)), rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("Jan 2023", (2023, 1, 1)), ("Jan-23", (2023, 1, 1)), ("September 1999", (1999, 9, 1)),
        ("2023-02", (2023, 2, 1)), ("Q3 2023", (2023, 7, 1)), ("2023Q1", (2023, 1, 1)),
        ("2023-Q4", (2023, 10, 1)), ("2023-W01", (2023, 1, 2)), ("1-Mar-69", (1969, 3, 1)),
        ("1-Mar-68", (2068, 3, 1)), ("3rd Sept. 2021", (2021, 9, 3)),
    ],
)  # fmt: skip
def test_coarser_dates_stand_for_their_first_day(cell: str, day: tuple[int, int, int]) -> None:
    assert is_date(cell)
    assert days([cell], "month first")[0] == since_1970(datetime(*day, tzinfo=UTC))


@pytest.mark.parametrize(
    "cell", ["", "5", "2023", "12.5", "1.2.3", "3/4", "Mar", "May", "1-800", "10.0.0.1", "abc", "12:3", "1 2"]
)
def test_numbers_and_texts_are_no_dates(cell: str) -> None:
    assert not is_date(cell)


@pytest.mark.parametrize("cell", ["31/02/2023", "2023-13-01", "25:00", "13:00 pm", "12:60", "Feb 30, 2020"])
def test_days_that_do_not_exist_are_none(cell: str) -> None:
    assert np.isnan(days([cell], "day first")).all()


def test_the_order_of_day_and_month_follows_from_the_column() -> None:
    assert order_of(["1/2/2020", "13/2/2020"]) == ("day first", True)
    assert order_of(["1/2/2020", "2/13/2020"]) == ("month first", True)
    assert order_of(["1/2/2020"]) == ("month first", False)
    assert order_of(["1.2.2020"]) == ("day first", False)
    assert order_of(["2020-01-02"]) == ("month first", True)


def test_eight_digits_are_dates_if_all_are() -> None:
    assert are_compact(["20230131", "19991231"])
    assert not are_compact(["20230131", "20231331"])
    assert not are_compact(["12345678"])
    assert Column(["20230131", "19991231"]).kind == "number"  # only asked for, by kind: date


def encoded(cells: list[str], **settings: str) -> tuple[tuple[str, ...], np.ndarray]:
    table = parse_csv("d,y\n" + "".join(f'"{cell}",1\n' for cell in cells), "t.csv")
    config = PreprocessingConfig(columns={"d": ColumnConfig(kind="date", **settings)})
    fitted = fit(table, treatments(table, ["d"], config))
    return fitted.encoded, fitted.X(table)


@pytest.mark.parametrize(
    ("step", "parts"),
    [
        (timedelta(days=1), ["days", "month", "weekday"]),
        (timedelta(days=7), ["days", "month"]),
        (timedelta(hours=7), ["days", "month", "weekday", "hour"]),
    ],
)
def test_the_parts_that_differ_become_inputs(step: timedelta, parts: list[str]) -> None:
    moments = [datetime(2020, 1, 6, tzinfo=UTC) + row * step for row in range(150)]
    names, X = encoded([moment.isoformat() for moment in moments])
    shares: dict[str, Callable[[datetime], float]] = {
        "month": lambda moment: (moment.month - 1) / 12,
        "weekday": lambda moment: moment.weekday() / 7,
        "hour": lambda moment: (moment.hour * 60 + moment.minute) / 1440,
    }
    expected = {"d=days": list(map(since_1970, moments))}
    for part in parts[1:]:
        angles = 2 * np.pi * np.array(list(map(shares[part], moments)))
        expected |= {f"d={part} sin": np.sin(angles).tolist(), f"d={part} cos": np.cos(angles).tolist()}
    assert list(names) == list(expected)
    np.testing.assert_allclose(X, np.column_stack(list(expected.values())), rtol=0, atol=1e-9)


def test_months_have_no_weekday_and_times_no_day() -> None:
    assert encoded([f"{month} {year}" for year in (2020, 2021) for month in ("Jan", "May", "Oct")])[0] == (
        "d=days", "d=month sin", "d=month cos",
    )  # fmt: skip
    assert encoded(["12:30", "7:15", "23:59"])[0] == ("d=hour sin", "d=hour cos")


def test_missing_dates_are_filled_with_the_median() -> None:
    _, X = encoded(["2020-01-01", "", "2020-01-03", "2020-01-02", "NA"], missing="median")
    assert X[1].tolist() == X[4].tolist() == X[3].tolist()
