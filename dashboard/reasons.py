"""Draws which words moved one mention's score; asked for by a person, since every word costs a judgement."""

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from earful.dashboard import canvas, words
from earful.data.queries import Detail
from earful.models import encoder, sentiment, why

SHOWN = 10  # words, the strongest
VISIBLE = 0.02  # a smaller effect is noise of the arithmetic

HOW = (
    "Each word is left out in turn and the mention judged again: what the score loses is that word's part. "
    "Words that only work together, as in a negation, each show the whole change."
)


@st.cache_resource(show_spinner="Loading the model …")
def _judge() -> sentiment.Judge:
    return sentiment.load()


@st.cache_resource(show_spinner=False)
def _shipped() -> str:
    """Names the weights that ship; kept, since it reads them whole."""
    return sentiment.name()


@st.cache_data(max_entries=500, show_spinner="Judging without each word …")
def _pieces(model: str, text: str, brand: str) -> list[tuple[str, int, float]]:  # noqa: ARG001 - a key of the cache
    return [(one.text, one.start, one.effect) for one in why.pieces(_judge(), text, brand)]


def show(detail: Detail, brand: str) -> None:
    """Offers the chart for a mention that the shipped model has scored."""
    if detail.negative is None:
        return
    if not st.toggle("Show which words moved the score", key="why"):
        return
    if detail.model != _shipped():
        st.caption(f"This is only known for the model that ships with Earful; {words.short(detail.model)} scored this.")
        return
    found = _pieces(detail.model, encoder.joined(detail.title, detail.text), brand)
    strongest = [one for one in sorted(found, key=lambda one: -abs(one[2])) if abs(one[2]) >= VISIBLE][:SHOWN]
    if not strongest:
        st.caption("No single word moved the score; it follows from the text as a whole.")
        return
    look = canvas.DARK if st.context.theme.type == "dark" else canvas.LIGHT
    st.altair_chart(chart(sorted(strongest, key=lambda one: one[1]), look), width="stretch")
    st.caption(HOW)


def chart(found: list[tuple[str, int, float]], look: canvas.Look) -> Any:
    """Draws words (text, place, effect) in the order of the text: bars to the left blame, to the right praise."""
    data = pd.DataFrame(
        {
            "place": range(len(found)),
            "word": [words.short(text.replace("\n", " "), 28) for text, _, _ in found],
            "effect": [100 * effect for _, _, effect in found],
            "said": [words.points(effect) for _, _, effect in found],
        }
    )
    far = max(10.0, 1.35 * float(data.effect.abs().max()))
    row = alt.Y("place:O", axis=None)
    base = alt.Chart(data).encode(y=row)
    x = alt.X("effect:Q", axis=None, scale=alt.Scale(domain=[-2.2 * far, far]))
    colour = alt.condition("datum.effect < 0", alt.value(look.negative), alt.value(look.positive))
    layers = [
        base.mark_bar(height=14).encode(x=x, color=colour),
        base.mark_text(align="left", color=look.text, limit=180).encode(x=alt.value(0), text="word:N"),
        base.transform_filter("datum.effect < 0")
        .mark_text(align="right", dx=-4, color=look.text)
        .encode(x=x, text="said:N"),
        base.transform_filter("datum.effect >= 0")
        .mark_text(align="left", dx=4, color=look.text)
        .encode(x=x, text="said:N"),
    ]
    worst = min(found, key=lambda one: one[2])
    best = max(found, key=lambda one: one[2])
    told = words.short((worst if -worst[2] > best[2] else best)[0].replace("\n", " "), 24)
    return canvas.whole(layers, [f"“{told}” counts most", "points of net score"], 22 * len(found) + 56, look)
