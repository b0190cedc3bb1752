"""The pass that is written out gives what the network in training gives, for any mix of lengths."""

from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from earful.models import encoder, joint, network, sentiment


@pytest.fixture(scope="module")
def shipped() -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    return (
        sentiment.read_config(sentiment.SHIPPED / "config.json"),
        load_file(sentiment.SHIPPED / "model.safetensors"),
    )


def test_it_agrees_with_the_network_in_training(shipped: tuple[dict[str, Any], dict[str, torch.Tensor]]) -> None:
    torch.manual_seed(5)
    config, weights = shipped
    theirs = joint.Joint(config, 5).train(False)
    theirs.load_state_dict(weights)
    ours = network.build(weights, config, torch.float32)
    for longest in (3, 8, 9, 60, 96):
        inputs = []
        for length in (longest, max(3, longest // 2), 3):
            numbers = (101, *torch.randint(1000, 30000, (length - 2,)).tolist(), 102)
            segments = tuple(torch.randint(2, (length,)).tolist())
            inputs.append(encoder.Tokens(numbers, segments, max(2, length - 4)))
        with torch.inference_mode():
            expected = theirs(encoder.padded(inputs))
        found = network.read(ours, inputs)
        for one, other in zip((found.sentiment, found.intent, found.embedding), expected, strict=True):
            torch.testing.assert_close(one, other, atol=2e-3, rtol=0)


def test_a_part_of_another_shape_is_refused(shipped: tuple[dict[str, Any], dict[str, torch.Tensor]]) -> None:
    config, weights = shipped
    name = "bert.encoder.layer.2.output.dense.weight"
    with pytest.raises(ValueError, match=name):
        network.build({**weights, name: weights[name].T.contiguous()}, config, torch.float32)


@pytest.mark.parametrize("factor", [1e3, -1e3])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_attention_as_sure_as_can_be_still_gives_answers(
    shipped: tuple[dict[str, Any], dict[str, torch.Tensor]], factor: float, precision: torch.dtype
) -> None:
    config, weights = shipped
    sure = {name: part.float() * (factor if ".query." in name else 1) for name, part in weights.items()}
    found = network.read(
        network.build(sure, config, precision),
        [encoder.Tokens((101, *range(2000, 2060), 102), (0,) * 62, 62), encoder.Tokens((101, 2000, 102), (0,) * 3, 3)],
    )
    for answer in (found.sentiment, found.intent, found.embedding):
        assert torch.isfinite(answer).all()
