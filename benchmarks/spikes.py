"""False alarms and hours to detection on simulated brands of which the truth is known, beside other rules.

    python benchmarks/spikes.py [--brands 20] [--first 0] [--only balanced] [--minutes 15]

Brands of 0.1 to 10,000 mentions an hour, in steps of 15 minutes, for the other rules also of an hour: a rhythm of day
and week, counts that scatter by 15 % beyond Poisson (k = 0.0225) around a rate that wanders (a fifth up or down within
weeks) and grows or shrinks by up to a tenth a month, three gaps of 2 to 12 hours. A false alarm is one in a quiet brand
after its first two weeks. A spike of two, five or ten times the usual begins at any hour: a *step* of a day, a *ramp*
that reaches its size after 12 hours and lasts a day, a *burst* of three hours. It is found when an alarm is raised
while it lasts or in the two hours after; hours are counted from its first to the end of the step that raised the alarm.

Alarms are raised by the life of an alert that watches (`models/alertlife.py`). The other rules raise theirs at once,
with 5 mentions in an hour at least, as their makers do, and again after two calm hours: mean + 3 sd of all before
(Huginn's peak detector), last hour over twice the 7-day mean (Axur), week over twice the mean of the 7 before (obsei's
anomaly example), EWMA (smoothing .3, 3 sd), Poisson at 1 in 1,000 against the 28-day mean. An hour is the step for
which they are made; in shorter steps those of the last hour and of the last week look anew after each.

The rule `rate known` is none that anybody could have: it is told the true rate, scatter and size of what it looks for
(Page, Continuous Inspection Schemes, 1954: the sum of likelihood ratios since it was last below nothing, raised at
KNOWN). Nobody who keeps to as many false alarms can be much faster (Lorden, Procedures for Reacting to a Change in
Distribution, 1971), so it is the measure of what is to be had.
"""

import argparse
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from scipy.stats import poisson

from earful.flows import windows
from earful.flows.rule_table import Rule
from earful.flows.windows import Watched
from earful.models import alertlife, spikes

Figures = NDArray[np.float64]
Raised = Callable[[Sequence[float | None], Figures], list[int]]  # by counts, told the usual rates of the hours
Over = Callable[[Figures, int], NDArray[np.bool_]]
ZONE = ZoneInfo("UTC")
START = datetime(2025, 1, 6, tzinfo=UTC)
VOLUMES = (0.1, 1.0, 20.0, 300.0, 10_000.0)
SIZES = (2.0, 5.0, 10.0)
SHAPES = {"step": (24, 0), "ramp": (24, 12), "burst": (3, 0)}  # hours it lasts, hours until it has its size
LEAST = 5
SCATTER = 0.0225
KNOWN = 6.3  # of the sum of logarithms: about one false alarm a month at 20 mentions an hour
QUIET, WARM, HISTORY = 120 * 24, 14 * 24, 42 * 24


def rates(volume: float, hours: int, generator: np.random.Generator) -> Figures:
    """Simulates the usual rate of each hour."""
    hour = np.arange(hours)
    day = 1 + 0.7 * np.sin((hour % 24 - 8) / 24 * 2 * math.pi)
    week = np.where(hour // 24 % 7 < 5, 1.12, 0.7)
    trend = np.exp(generator.uniform(-0.1, 0.1) * hour / 720)
    wandering = np.exp(0.2 * np.sin(2 * math.pi * (hour / generator.uniform(400, 900) + generator.uniform())))
    return volume * day * week * trend * wandering


def counted(rate: Figures, generator: np.random.Generator, parts: int) -> list[float | None]:
    """Simulates what is counted in so many parts of each hour: scattered by hours, with three gaps."""
    scattered = rate * generator.gamma(1 / SCATTER, SCATTER, len(rate))
    counts: list[float | None] = generator.poisson(np.repeat(scattered, parts) / parts).astype(float).tolist()
    for _ in range(3):
        begin = int(generator.integers(0, len(rate) - 14 * 24))
        for place in range(begin * parts, (begin + int(generator.integers(2, 13))) * parts):
            counts[place] = None
    return counts


def joined(counts: Sequence[float | None], minutes: int, parts: int) -> list[float | None]:
    """Sums counts of so many minutes to so many parts of an hour; unknown where one of them is."""
    length = 60 // minutes // parts
    whole = [counts[place : place + length] for place in range(0, len(counts), length)]
    return [None if None in some else sum(one or 0.0 for one in some) for some in whole]


def ours(sensitivity: str, step: timedelta) -> Raised:
    """Gives the places at whose end Earful raises an alarm."""
    rule = Rule(name="Doubled", step=step, sensitivity=sensitivity, least=LEAST)

    def raised(counts: Sequence[float | None], _: Figures) -> list[int]:
        bounds = [START + place * step for place in range(len(counts) + 1)]
        dark = [(bounds[place], bounds[place + 1]) for place, count in enumerate(counts) if count is None]
        judged = windows.judged([int(count or 0) for count in counts], bounds, dark, step, ZONE)
        line = windows.line(Watched("", rule, START, tuple(judged)), bounds[-1])
        lives = alertlife.replay(None, judged, START, line, bounds[-1])
        return [(fired - START) // step - 1 for fired in dict.fromkeys(one.fired for one in lives) if fired]

    return raised


def simple(over: Over, parts: int) -> Raised:
    """Gives the places at which a rule raises an alarm: those over its line, until two calm hours."""

    def raised(counts: Sequence[float | None], _: Figures) -> list[int]:
        known = [place for place, count in enumerate(counts) if count is not None]
        values = np.array([counts[place] for place in known], dtype=float)
        enough = lately(values, parts) * parts >= LEAST - 1e-6
        calm, places = 2 * parts, []
        for place, surprising in zip(known, (over(values, parts) & enough).tolist(), strict=True):
            if surprising and calm >= 2 * parts:
                places.append(place)
            calm = 0 if surprising else calm + 1
        return places

    return raised


def known(counts: Sequence[float | None], usual: Figures) -> list[int]:
    """Gives the places at which the sum of likelihood ratios, of a doubling of the true rate, reaches KNOWN."""
    parts = len(counts) // len(usual)
    shape, total, firing, places = 1 / SCATTER, 0.0, False, []
    for hour, rate in enumerate((usual / parts).tolist()):
        seen, heard = 0.0, 0  # of this hour, whose parts scatter together
        for place in range(hour * parts, hour * parts + parts):
            count = counts[place]
            if count is None:
                continue
            total = max(total, 0.0) + count * math.log(2)
            for mean, sign in ((2 * rate, 1), (rate, -1)):
                last = shape + heard * mean
                total += sign * (shape + seen) * math.log(last / (last + mean)) - sign * count * math.log(last + mean)
            seen, heard = seen + count, heard + 1
            if total >= KNOWN and not firing:
                places.append(place)
            firing = total >= KNOWN or (firing and total > 0)
    return places


def before(values: Figures, length: int) -> Figures:
    """Means of up to `length` values before each."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(len(values))
    starts = np.maximum(ends - length, 0)
    return np.asarray((total[ends] - total[starts]) / np.maximum(ends - starts, 1))


def lately(values: Figures, length: int) -> Figures:
    """Means of up to `length` values up to each."""
    return before(np.append(values, 0.0), length)[1:]


def huginn(values: Figures, _: int) -> NDArray[np.bool_]:
    """Mean + 3 standard deviations of all before."""
    mean = before(values, len(values))
    return np.asarray(values > mean + 3 * np.sqrt(np.maximum(before(values**2, len(values)) - mean**2, 0)))


def axur(values: Figures, parts: int) -> NDArray[np.bool_]:
    """The last hour against the mean of seven days."""
    return np.asarray(lately(values, parts) > 2 * before(values, 168 * parts))


def obsei(values: Figures, parts: int) -> NDArray[np.bool_]:
    """The week up to now against the mean week of the seven before it."""
    week = 168 * parts
    earlier = np.concatenate([np.full(week, np.inf), before(values, 7 * week)[: max(0, len(values) - week)]])
    return np.asarray(lately(values, week) > 2 * earlier[: len(values)])


def ewma(values: Figures, _: int) -> NDArray[np.bool_]:
    """A smoothed count against the mean and standard deviation of all before (Roberts 1959)."""
    smooth, smoothed = 0.0, []
    for value in values.tolist():
        smooth += 0.3 * (value - smooth)
        smoothed.append(smooth)
    mean = before(values, len(values))
    deviation = np.sqrt(np.maximum(before(values**2, len(values)) - mean**2, 0) * 0.3 / 1.7)
    return np.asarray(np.array(smoothed) > mean + 3 * deviation)


def by_chance(values: Figures, parts: int) -> NDArray[np.bool_]:
    """One Poisson chance in a thousand against the mean of 28 days."""
    return np.asarray(poisson.sf(values - 1, np.maximum(before(values, 672 * parts), 1e-9)) < 0.001)


OTHERS: dict[str, Over] = {
    "mean + 3 sd": huginn,
    "hour against 7 days": axur,
    "week against 7 weeks": obsei,
    "EWMA": ewma,
    "Poisson test": by_chance,
}


def main() -> None:
    """Measures and prints tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--brands", type=int, default=20, help="for each volume, size and shape")
    parser.add_argument("--only", default="", help="a part of the rules' names")
    parser.add_argument("--first", type=int, default=0, help="number of the first brand: others are other chances")
    parser.add_argument(
        "--minutes", type=int, default=15, choices=[5, 10, 15, 20, 30, 60], help="of a step of Earful's"
    )
    parser.add_argument("--volume", type=float, choices=VOLUMES, help="only brands of so many mentions an hour")
    parser.add_argument("--spike", default="", help='only one of the spikes, say "step x2"')
    options = parser.parse_args()
    step = timedelta(minutes=options.minutes)
    volumes = (options.volume,) if options.volume else VOLUMES
    brands = range(options.first, options.first + options.brands)
    fine = 60 // options.minutes
    rules: dict[str, tuple[Raised, int]] = {f"Earful, {name}": (ours(name, step), fine) for name in spikes.SENSITIVITY}
    for name, over in OTHERS.items():
        rules |= {f"{name}, {60 // parts} minutes": (simple(over, parts), parts) for parts in sorted({1, fine})}
    rules["rate known"] = known, fine
    rules = {name: rule for name, rule in rules.items() if options.only in name}
    print("False alarms a brand and month\n")
    print("| rule | " + " | ".join(f"{volume:g} an hour" for volume in volumes) + " |")
    print("|---|" + "---:|" * len(volumes))
    quiet: dict[float, list[tuple[Figures, list[float | None]]]] = {volume: [] for volume in volumes}
    for volume in volumes:
        for brand in brands:
            generator = np.random.default_rng([1, brand, int(volume * 10)])
            rate = rates(volume, QUIET, generator)
            quiet[volume].append((rate, counted(rate, generator, fine)))
    for name, (rule, parts) in rules.items():
        a_month = [
            sum(
                place >= WARM * parts
                for rate, counts in quiet[volume]
                for place in rule(joined(counts, options.minutes, parts), rate)
            )
            / (len(quiet[volume]) * (QUIET - WARM) / 720)
            for volume in volumes
        ]
        print(f"| {name} | " + " | ".join(f"{figure:.2f}" for figure in a_month) + " |", flush=True)
    print("\nMedian hours until found (share found)\n")
    print("| rule | spike | " + " | ".join(f"{volume:g} an hour" for volume in volumes) + " |")
    print("|---|---|" + "---:|" * len(volumes))
    for shape, (lasts, rises) in SHAPES.items():
        for size in SIZES:
            if options.spike not in f"{shape} x{size:g}":
                continue
            spiked: dict[float, list[tuple[int, Figures, list[float | None]]]] = {volume: [] for volume in volumes}
            for volume in volumes:
                for brand in brands:
                    generator = np.random.default_rng([2, brand, int(volume * 10)])
                    begin = HISTORY + int(generator.integers(0, 168))
                    rate = rates(volume, begin + lasts + 2, generator)
                    course = np.minimum((np.arange(lasts) + 1) / max(rises, 1), 1.0)
                    spiking = rate.copy()
                    spiking[begin : begin + lasts] *= 1 + (size - 1) * course
                    spiked[volume].append((begin, rate, counted(spiking, generator, fine)))
            for name, (rule, parts) in rules.items():
                cells = []
                for volume in volumes:
                    hours = [
                        min(
                            (
                                (place + 1) / parts - begin
                                for place in rule(joined(counts, options.minutes, parts), rate)
                                if place >= begin * parts
                            ),
                            default=math.inf,
                        )
                        for begin, rate, counts in spiked[volume]
                    ]
                    share = sum(map(math.isfinite, hours)) / len(hours)
                    middle = median(hours)
                    cells.append(f"{middle:g} ({share:.0%})" if math.isfinite(middle) else f"- ({share:.0%})")
                print(f"| {name} | {shape} x{size:g} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
