"""Products of whole numbers come near those they replace, and no text's answer depends on its neighbours."""

import pytest
import torch
from torch.nn.functional import gelu, linear

from earful.models import eight, encoder, invented, network, sentiment

pytestmark = pytest.mark.skipif(
    not sentiment.eight_bits_are_fast(), reason="this processor has no instruction for whole numbers of eight bits"
)
BRANDED = [(one.text, one.target) for one in invented.make(60, seed=9)]


@pytest.fixture(scope="module")
def judge() -> sentiment.Judge:
    return sentiment.load()


def near(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found.float() - expected).norm() / expected.norm())


def test_a_channel_that_drowns_the_others_costs_no_exactness() -> None:
    torch.manual_seed(3)
    state, weight, bias = torch.randn(200, 64), torch.randn(96, 64), torch.randn(96)
    state[:, 5] *= 300
    weight[:, 5] /= 300
    product = eight.stretched(weight, bias, state)
    products = eight.Products(product, product, product, product)
    assert near(eight.attend(products, state.bfloat16()), linear(state, weight, bias)) < 0.02


def test_what_attention_adds_comes_on_top_of_the_states() -> None:
    torch.manual_seed(5)
    mixed, state = torch.randn(200, 64), torch.randn(200, 64).bfloat16()
    weight, bias = torch.randn(64, 64) / 8, torch.randn(64)
    product = eight.stretched(weight, bias, mixed)
    found = eight.out(eight.Products(product, product, product, product), mixed.bfloat16(), state)
    assert near(found, linear(mixed, weight, bias) + state) < 0.02


def test_what_gelu_gives_beyond_the_top_is_not_lost() -> None:
    torch.manual_seed(4)
    state = torch.randn(200, 64)
    widen, narrow = (torch.randn(256, 64) / 8, torch.randn(256)), (torch.randn(64, 256) / 16, torch.randn(64))
    widen[1][7] += 3.5 * eight.TOP
    wide = gelu(linear(state, *widen))
    assert wide.max() > 3 * eight.TOP
    first, second = eight.feed_forward(widen, narrow, state, wide)
    found = eight.inner(eight.Products(first, first, first, second), state.bfloat16())
    assert near(found - state, linear(wide, *narrow)) < 0.03


def test_judgements_stay_close_to_those_without(judge: sentiment.Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentiment, "eight_bits_are_fast", lambda: False)
    plain = sentiment.load()
    assert not any(layer.products for layer in plain.network.layers)
    assert all(layer.products for layer in judge.network.layers[:-1])
    for one, other in zip(judge.score(BRANDED), plain.score(BRANDED), strict=True):
        assert one.negative == pytest.approx(other.negative, abs=0.1)
        assert one.positive == pytest.approx(other.positive, abs=0.1)


def test_neighbours_in_a_batch_change_nothing(judge: sentiment.Judge) -> None:
    inputs = encoder.tokenize(judge.tokenizer, BRANDED, judge.max_tokens)
    together = network.read(judge.network, inputs)
    for at in (0, 20, 40):
        alone = network.read(judge.network, [inputs[at]])
        torch.testing.assert_close(alone.sentiment[0], together.sentiment[at], atol=0.05, rtol=0)
