"""Draw the hours of a charge as SVG, by Altair and vl-convert: no script, and no text from outside but product names.

The plot shows the usage of each hour, the allowance, the borders of the ranges, the hours that the measure chose, and
what was billed. What is billed is above the allowance, so its line and the borders begin there.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from reconciler.rendering.paint import safe, shortened
from reconciler.rendering.report.figures import quantity

Json = Mapping[str, Any]

WIDTH, HEIGHT = 440, 150
USAGE, BILLED, CHOSEN, ALLOWANCE, BORDER, TEXT, GRID = (
    "#0b5394",
    "#136c2e",
    "#b3151d",
    "#7a4b01",
    "#6b6b6c",
    "#1c2024",
    "#d5d9de",
)
"""The colours of the plot. The style of the page names each of them, and replaces it in a dark page."""
MOST_BORDERS = 6
"""The borders above this number are not drawn."""
_LONGEST = 28
_DAYS = (1, 8, 15, 22, 29)


def plot_svg(charge: Json, report: Json) -> str:
    """Return the plot of a charge as an `svg` element. `charge` has `hours`, and both are parts of the report's JSON.

    The element is hidden from screen readers: the text beside it says the same.
    """
    import vl_convert  # noqa: PLC0415 - the extra [report]

    made = copy.deepcopy(_compiled())
    levels = _Levels(charge)
    tables = {
        "usage": _usage(charge["hours"]["figures"]),
        "chosen": levels.chosen_points(),
        "average": levels.average(),
        "allowance": levels.allowance(),
        "borders": levels.borders(),
        "billed": levels.billed(),
    }
    ticks = _ticks(report)
    values = {"top": levels.top, "hours": _hours_in(report), "ticks": [*ticks], "labels": [*ticks.values()]}
    for data in made["data"]:
        if data["name"] in tables:
            data["values"] = tables[data["name"]]
    for signal in made["signals"]:
        signal["value"] = values.get(signal["name"], signal.get("value"))
    return _small(vl_convert.vega_to_svg(made))


class _Levels:
    """The levels of a charge on the axis of its usage. They place lines on a picture, so they are floats."""

    def __init__(self, charge: Json) -> None:
        self._hours = charge["hours"]
        self._charge = charge
        rating = charge["rating"]
        self._measured = None if rating is None else float(rating["used"])
        allowance = self._hours["allowance"]
        self._free = 0.0 if allowance is None else float(allowance)
        self._figures = [float(each) for each in self._hours["figures"] if each is not None]
        lines = [line for line in charge["billed"] if line["corrects"] is None]
        self._quantity = sum(Decimal(line["quantity"]) for line in lines) if lines else None
        billed = [] if self._quantity is None else [self._free + float(self._quantity)]
        highest = max([*self._figures, *billed, self._measured or 0.0, 0.0])
        self._borders = [(self._free + float(each["up_to"]), each) for each in charge["borders"]]
        near = [level for level, _ in self._borders if level <= highest * 1.3]
        free = [self._free] if self._free <= highest * 1.5 else []
        self.top = max([highest, *near, *free, 1e-9]) * 1.12

    def chosen_points(self) -> list[dict[str, float]]:
        """Return the one hour that the measure chose. Empty if it chose many."""
        chosen = self._hours["chosen"]
        if len(chosen) != 1 or self._measured is None:
            return []
        return [{"hour": chosen[0] + 0.5, "value": self._measured}]

    def average(self) -> list[dict[str, float]]:
        """Return the level of the mean over all chosen hours."""
        if len(self._hours["chosen"]) < 2 or self._measured is None:
            return []
        return [{"value": self._measured}]

    def allowance(self) -> list[dict[str, Any]]:
        """Return the level of the allowance."""
        if not self._free or self._free > self.top:
            return []
        return [{"value": self._free, "label": f"included: {quantity(self._hours['allowance'])}"}]

    def borders(self) -> list[dict[str, Any]]:
        """Return the borders of the ranges that are in the picture."""
        shown = [(level, each) for level, each in self._borders if level <= self.top][-MOST_BORDERS:]
        return [
            {"value": level, "label": f"{shortened(safe(each['product']), _LONGEST)} up to {quantity(each['up_to'])}"}
            for level, each in shown
        ]

    def billed(self) -> list[dict[str, Any]]:
        """Return the level of what was billed. Empty if nothing is billed."""
        if self._quantity is None:
            return []
        return [{"value": self._free + float(self._quantity), "label": f"billed: {quantity(str(self._quantity))}"}]


def _usage(figures: Sequence[str | None]) -> list[dict[str, float | None]]:
    """Return the points of the usage. A row without a value is a gap in the line, and not 0.

    An hour between two gaps has a line of one hour, so that it can be seen.
    """
    points: list[dict[str, float | None]] = []
    for number, figure in enumerate(figures):
        value = None if figure is None else float(figure)
        is_alone = value is not None and figures[max(0, number - 1) : number + 2].count(None) >= 2
        points += [{"hour": number + part, "value": value} for part in ((0.0, 1.0) if is_alone else (0.5,))]
    return points


def _hours_in(report: Json) -> float:
    start, end = (datetime.fromisoformat(report["period"][name]) for name in ("start", "end"))
    return (end - start) / timedelta(hours=1)


def _ticks(report: Json) -> dict[float, str]:
    """Return some days of the month by the hour in which they begin, by the clocks of the billing time zone."""
    period = report["period"]
    start = datetime.fromisoformat(period["start"])
    first = datetime.fromisoformat(period["first_day"])
    zone = ZoneInfo(period["timezone"])
    days = (first.replace(day=day) for day in _DAYS if day <= int(period["last_day"][-2:]))
    return {(day.replace(tzinfo=zone) - start) / timedelta(hours=1): f"{day.day} {day:%b}" for day in days}


@cache
def _compiled() -> dict[str, Any]:
    """Return the plot as Vega, with empty tables. Compiling it takes longer than drawing it, and so happens once."""
    import altair as alt  # noqa: PLC0415 - the extra [report], which takes 0.4 s to import
    import vl_convert  # noqa: PLC0415 - the extra [report]

    ticks = alt.Axis(
        values=alt.ExprRef("ticks"),
        labelExpr="labels[indexof(ticks, datum.value)]",
        labelFlush=True,
        labelOverlap=True,
        grid=False,
        title=None,
    )
    x = alt.X("hour:Q", scale=alt.Scale(domainMin=0, domainMax=alt.ExprRef("hours"), nice=False), axis=ticks)
    levels = alt.Axis(tickCount=4, title=None, gridDash=[1, 3], format=",~r")
    y = alt.Y("value:Q", scale=alt.Scale(domainMin=0, domainMax=alt.ExprRef("top"), nice=False), axis=levels)

    def table(name: str) -> Any:
        return alt.Chart(alt.NamedData(name))

    def level(name: str, color: str, dash: list[int], align: str) -> Any:
        of_level = table(name).encode(y=y)
        place = 4 if align == "left" else WIDTH - 4
        text = of_level.mark_text(color=color, fontSize=11, align=align, x=place, dy=-6).encode(text="label:N")
        return alt.layer(of_level.mark_rule(color=color, strokeDash=dash, strokeWidth=1.2), text)

    layers = alt.layer(
        level("borders", BORDER, [6, 3], "left"),
        level("allowance", ALLOWANCE, [2, 2], "left"),
        table("usage")
        .mark_line(color=USAGE, strokeWidth=1.6, strokeCap="round", invalid="break-paths-show-domains")
        .encode(x=x, y=y),
        table("average").mark_rule(color=CHOSEN, strokeWidth=1.2).encode(y=y),
        level("billed", BILLED, [], "right"),
        table("chosen").mark_point(color=CHOSEN, filled=True, size=50, opacity=1).encode(x=x, y=y),
    )
    params = [alt.param(name="top", value=1), alt.param(name="hours", value=744)]
    params += [alt.param(name="ticks", value=[]), alt.param(name="labels", value=[])]
    drawn = (
        layers.add_params(*params)
        .properties(width=WIDTH, height=HEIGHT, background="transparent", padding=2)
        .configure(aria=False, font="sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=TEXT, labelFontSize=11, gridColor=GRID, domainColor=BORDER, tickColor=BORDER, titleColor=TEXT
        )
    )
    made: dict[str, Any] = vl_convert.vegalite_to_vega(drawn.to_dict())
    return made


_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_NEEDLESS = re.compile(r' (?:class|pointer-events|role|aria-[a-z]+|xmlns:xlink|version|opacity)="[^"]*"')
_SHAPE = re.compile(r' d="(?!"|M0,0h0v0h0Z")')


def _small(svg: str) -> str:
    """Return the element with one decimal in each coordinate, without what a browser does not need.

    Only tags are changed, so no figure in a label is rounded.
    """

    def tag(found: re.Match[str]) -> str:
        if found[0].startswith("<path") and not _SHAPE.search(found[0]):
            return ""
        short = _LONG_NUMBER.sub(lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), found[0])
        return _NEEDLESS.sub("", short)

    small = re.sub(r"<[^>]*>", tag, svg.strip()).replace("<g></g>", "")
    return f'<svg aria-hidden="true" focusable="false"{small.removeprefix("<svg")}'
