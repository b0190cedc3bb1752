"""Says in a sentence what a chart shows, and leaves the noise to be noise."""

from earful.dashboard import figures, words
from earful.dashboard.figures import Totals


def net_sentiment(now: Totals, before: Totals | None, brand: str) -> str:
    """Says where net sentiment stands and whether it moved."""
    net = figures.net_sentiment(now)
    if net is None:
        return f"Nobody praised or blamed {brand} in this period"
    stands = f"Net sentiment is {words.points(net.value)}"
    was = figures.net_sentiment(before) if before else None
    if was is None:
        return stands
    if not figures.differ(net, was):
        return f"{stands}, no clear change from {words.points(was.value)}"
    moved = "rose" if net.value > was.value else "fell"
    return f"Net sentiment {moved} to {words.points(net.value)} from {words.points(was.value)}"


def volume(now: Totals, before: Totals | None, unit: str) -> str:
    """Says how much was said, and whether that is more than before."""
    said = f"{words.number(now.volume)} {unit if now.volume != 1 else words.one(unit)}"
    if before is None or before.volume == 0:
        return said
    if not figures.volumes_differ(now.volume, before.volume):
        return f"{said}, about as many as before ({words.number(before.volume)})"
    return f"{said}, {words.factor(now.volume, before.volume)} before ({words.number(before.volume)})"


def voice(brand: str, ranks: list[str], share: float) -> str:
    """Says which place a brand takes among those watched."""
    place = ranks.index(brand)
    if place == 0:
        return f"{words.short(brand, 24)} leads with {words.percent(share)}"
    return f"{words.short(ranks[0], 24)} leads; {words.short(brand, 24)} has {words.percent(share)}"
