"""The written-out pass gives what the library's own network gives, for any mix of lengths."""

import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertForSequenceClassification

from earful.models import encoder, network, sentiment


def test_it_agrees_with_the_library() -> None:
    torch.manual_seed(5)
    config = sentiment.read_config(sentiment.SHIPPED / "config.json")
    weights = load_file(sentiment.SHIPPED / "model.safetensors")
    theirs = BertForSequenceClassification(BertConfig(**config)).train(False)
    theirs.load_state_dict(weights)
    ours = network.build(weights, config, torch.float32)
    for longest in (3, 8, 9, 60, 96):
        inputs = []
        for length in (longest, max(3, longest // 2), 3):
            numbers = (101, *torch.randint(1000, 30000, (length - 2,)).tolist(), 102)
            inputs.append(encoder.Tokens(numbers, max(2, length - 4)))
        with torch.inference_mode():
            expected = theirs(**encoder.tensors(inputs)).logits
        torch.testing.assert_close(network.logits(ours, inputs), expected, atol=2e-3, rtol=0)


def test_a_part_of_another_shape_is_refused() -> None:
    config = sentiment.read_config(sentiment.SHIPPED / "config.json")
    weights = load_file(sentiment.SHIPPED / "model.safetensors")
    name = "bert.encoder.layer.2.output.dense.weight"
    with pytest.raises(ValueError, match=name):
        network.build({**weights, name: weights[name].T.contiguous()}, config, torch.float32)
