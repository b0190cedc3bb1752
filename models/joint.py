"""The network in training: one encoder with three heads, for sentiment, intent and a sentence embedding.

Sentiment and intent are read from the first token of the last layer; the embedding is a linear map of the mean, over
the text's own tokens, of what enters the last layer, so that scoring needs the last layer for one token only.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import normalize
from transformers import BertConfig, BertModel

from earful.models import encoder

if TYPE_CHECKING:
    from torch import Tensor

PLAIN = "eager"  # attention as batched products: backwards, this is much faster on a processor than the fused one


class Joint(torch.nn.Module):
    """Gives sentiment logits (rows, 3), intent logits (rows, 5) and embeddings (rows, hidden) of unit length."""

    def __init__(self, config: Mapping[str, Any], intents: int) -> None:
        super().__init__()
        shape = BertConfig(**{**config, "attn_implementation": PLAIN})
        self.bert = BertModel(shape)
        self.dropout = torch.nn.Dropout(shape.hidden_dropout_prob)
        self.classifier = torch.nn.Linear(shape.hidden_size, len(encoder.LABELS))
        self.intent = torch.nn.Linear(shape.hidden_size, intents)
        self.embedding = torch.nn.Linear(shape.hidden_size, shape.hidden_size)
        torch.nn.init.eye_(self.embedding.weight)
        torch.nn.init.zeros_(self.embedding.bias)

    def forward(self, inputs: "dict[str, Tensor]") -> "tuple[Tensor, Tensor, Tensor]":
        """Reads a batch of encoder.tensors."""
        out = self.bert(**inputs, output_hidden_states=True)
        pooled = self.dropout(out.pooler_output)
        embedded = self.embedding(mean(out.hidden_states[-2], own(inputs)))
        return self.classifier(pooled), self.intent(pooled), normalize(embedded.float(), dim=1)


def own(inputs: "dict[str, Tensor]") -> "Tensor":
    """Marks the tokens of the text itself, without the target and the padding: (rows, tokens)."""
    return inputs["attention_mask"] * (1 - inputs["token_type_ids"])


def mean(states: "Tensor", mask: "Tensor") -> "Tensor":
    """Averages token states (rows, tokens, hidden) where the mask is one: (rows, hidden)."""
    weight = mask[:, :, None].to(states.dtype)
    return (states * weight).sum(1) / weight.sum(1).clamp(min=1)


def embedded_by(base: BertModel, inputs: "dict[str, Tensor]") -> "Tensor":
    """Embeds the texts of a batch, without their targets, as the untouched sentence encoder does."""
    mask = own(inputs)
    with torch.no_grad():
        states = base(input_ids=inputs["input_ids"], attention_mask=mask).last_hidden_state
    return normalize(mean(states, mask).float(), dim=1)
