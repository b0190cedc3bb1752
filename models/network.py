"""The network's pass written out for the processor: the same answers as `joint.Joint` gives in training, sooner.

What it leaves out is what takes time without changing an answer: three products for queries, keys and values where
one does, and a last layer for words that nobody asks about, since only the first token is judged. Batches are small
enough for the caches, their widths few, because every new shape costs the library a kernel; each thread works on a
batch of its own, which spares the threads from waiting for each other after every product.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from earful.models import eight, encoder

if TYPE_CHECKING:
    import torch

POOLED = (
    1,
    3,
    -1,
)  # the layers, counted from 1, whose states make the embedding; the last for all tokens is never made
HIGHEST = 80.0  # an attention's logit: beyond it an exponential, or a sum of them, would leave what bf16 holds


@dataclass(frozen=True, slots=True)
class Affine:
    """A product with a matrix and a sum with a vector; or a normalisation's scale and shift."""

    weight: "torch.Tensor"
    bias: "torch.Tensor"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's weights; `attend` makes queries (already scaled), keys and values in one product. Where there are
    `products`, they take the place of all four products."""

    attend: Affine
    out: Affine
    out_norm: Affine
    widen: Affine
    narrow: Affine
    narrow_norm: Affine
    products: eight.Products | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """All weights in one precision, in the order in which they are used."""

    heads: int
    epsilon: float
    words: "torch.Tensor"
    segments: "torch.Tensor"
    places: "torch.Tensor"
    norm: Affine
    layers: tuple[Layer, ...]
    pooler: Affine
    classifier: Affine
    intent: Affine
    attend_parts: Affine  # what each part of the embedding looks at
    parts: Affine


@dataclass(frozen=True, slots=True)
class Answers:
    """What one pass tells of a batch, a row an input, in float32: logits of sentiment and intent, unit embeddings."""

    sentiment: "torch.Tensor"
    intent: "torch.Tensor"
    embedding: "torch.Tensor"


def build(weights: "Mapping[str, torch.Tensor]", config: Mapping[str, Any], dtype: "torch.dtype") -> Network:
    """Orders the weights of a `joint.Joint`, by their names there.

    Raises KeyError where one is missing and ValueError where one has another shape than config says.
    """
    size, wide = config["hidden_size"], config["intermediate_size"]
    scale = (size // config["num_attention_heads"]) ** -0.5

    def take(name: str, *shape: int) -> "torch.Tensor":
        if tuple(weights[name].shape) != shape:
            raise ValueError(f"{name} has the shape {tuple(weights[name].shape)}, not {shape}")
        return weights[name].to(dtype)

    def affine(name: str, *shape: int) -> Affine:
        return Affine(take(f"{name}.weight", *shape), take(f"{name}.bias", shape[0]))

    def layer(at: int) -> Layer:
        import torch

        name = f"bert.encoder.layer.{at}"
        parts = [affine(f"{name}.attention.self.{part}", size, size) for part in ("query", "key", "value")]
        parts[0] = Affine(parts[0].weight * scale, parts[0].bias * scale)
        return Layer(
            attend=Affine(torch.cat([one.weight for one in parts]), torch.cat([one.bias for one in parts])),
            out=affine(f"{name}.attention.output.dense", size, size),
            out_norm=affine(f"{name}.attention.output.LayerNorm", size),
            widen=affine(f"{name}.intermediate.dense", wide, size),
            narrow=affine(f"{name}.output.dense", size, wide),
            narrow_norm=affine(f"{name}.output.LayerNorm", size),
        )

    return Network(
        heads=config["num_attention_heads"],
        epsilon=config["layer_norm_eps"],
        words=take("bert.embeddings.word_embeddings.weight", config["vocab_size"], size),
        segments=take("bert.embeddings.token_type_embeddings.weight", config["type_vocab_size"], size),
        places=take("bert.embeddings.position_embeddings.weight", config["max_position_embeddings"], size),
        norm=affine("bert.embeddings.LayerNorm", size),
        layers=tuple(layer(at) for at in range(config["num_hidden_layers"])),
        pooler=affine("bert.pooler.dense", size, size),
        classifier=affine("classifier", len(encoder.LABELS), size),
        intent=affine("intent", len(config["earful"]["intents"]), size),
        attend_parts=affine("pooling.attend", config["num_attention_heads"], len(POOLED) * size),
        parts=affine("pooling.values", size, len(POOLED) * size),
    )


def quickened(network: Network, examples: Sequence[encoder.Tokens]) -> Network:
    """Gives a bf16 network that does its products in whole numbers, fitted to what it computes of the examples.

    The last layer stays as it is: what it judges by has one channel that drowns all others.
    """
    import torch
    from torch.nn.functional import gelu, linear

    given = encoder.padded(examples)
    there = given.mask.flatten() > 0
    layers = []
    with torch.inference_mode():
        state, shown = _begun(network, given)
        for layer in network.layers[:-1]:
            mixed = _attention(network, layer, state, shown)
            middle = _joined(network, layer, state, mixed)
            wide = gelu(linear(middle, layer.widen.weight, layer.widen.bias))
            first, second = eight.feed_forward(
                (layer.widen.weight, layer.widen.bias),
                (layer.narrow.weight, layer.narrow.bias),
                middle[there],
                wide[there],
            )
            attend = eight.stretched(layer.attend.weight, layer.attend.bias, state[there])
            out = eight.stretched(layer.out.weight, layer.out.bias, mixed[there])
            layers.append(replace(layer, products=eight.Products(attend, out, first, second)))
            done = linear(wide, layer.narrow.weight, layer.narrow.bias)
            state = _normal(network, done.add_(middle), layer.narrow_norm)
    return replace(network, layers=(*layers, network.layers[-1]))


def read(network: Network, inputs: Sequence[encoder.Tokens]) -> Answers:
    """Reads a batch in one pass."""
    import torch
    from torch.nn.functional import linear, normalize

    given = encoder.padded(inputs)
    rows, widest = given.numbers.shape
    with torch.inference_mode():
        state, shown = _begun(network, given)
        states = [state]
        for layer in network.layers[:-1]:
            middle = _joined(network, layer, state, _attention(network, layer, state, shown))
            state = _rest(network, layer, middle)
            states.append(state)
        last = network.layers[-1]
        pooled = torch.cat([states[at] for at in POOLED], 1).view(rows, widest, -1)
        embedding = _embedded(network, pooled, given.own)
        first = state.view(rows, widest, -1)[:, 0].contiguous()
        middle = _joined(network, last, first, _attention_of_first(network, last, state, first, shown))
        state = _rest(network, last, middle)
        pooled = torch.tanh(linear(state, network.pooler.weight, network.pooler.bias))
        return Answers(
            sentiment=linear(pooled, network.classifier.weight, network.classifier.bias).float(),
            intent=linear(pooled, network.intent.weight, network.intent.bias).float(),
            embedding=normalize(embedding, dim=1),
        )


def _embedded(network: Network, states: "torch.Tensor", own: "torch.Tensor") -> "torch.Tensor":
    """Means of the text's own tokens' states, weighed for each part of the embedding, then mapped."""
    import torch
    from torch.nn.functional import linear

    weights = linear(states, network.attend_parts.weight, network.attend_parts.bias).float()
    weights = weights.masked_fill_(own[:, :, None] == 0, float("-inf")).softmax(1).to(states.dtype)
    means = torch.bmm(weights.transpose(1, 2), states)
    parts = network.parts.weight.view(means.shape[1], -1, means.shape[2])
    mapped = torch.bmm(means.transpose(0, 1), parts.transpose(1, 2)).transpose(0, 1)
    return (mapped.reshape(len(means), -1) + network.parts.bias).float()


def _begun(network: Network, given: encoder.Batch) -> "tuple[torch.Tensor, torch.Tensor]":
    rows, widest = given.numbers.shape
    hidden = network.words[given.numbers] + network.segments[given.segments] + network.places[:widest]
    state = _normal(network, hidden.view(rows * widest, -1), network.norm)
    return state, given.mask.to(state.dtype).repeat_interleave(network.heads, 0)[:, :, None]


def _attention(network: Network, layer: Layer, state: "torch.Tensor", shown: "torch.Tensor") -> "torch.Tensor":
    from torch.nn.functional import linear

    width, heads, size = shown.shape[1], network.heads, state.shape[1]
    joined = (
        eight.attend(layer.products, state) if layer.products else linear(state, layer.attend.weight, layer.attend.bias)
    ).view(-1, width, 3, heads, size // heads)
    query, key, value = joined.permute(2, 0, 3, 1, 4).contiguous().view(3, -1, width, size // heads)
    return _mixed(query, key, value, shown).view(-1, heads, width, size // heads).transpose(1, 2).reshape(-1, size)


def _attention_of_first(
    network: Network, layer: Layer, state: "torch.Tensor", first: "torch.Tensor", shown: "torch.Tensor"
) -> "torch.Tensor":
    from torch.nn.functional import linear

    width, heads, size = shown.shape[1], network.heads, state.shape[1]
    query = linear(first, layer.attend.weight[:size], layer.attend.bias[:size]).view(-1, 1, size // heads)
    joined = linear(state, layer.attend.weight[size:], layer.attend.bias[size:]).view(
        -1, width, 2, heads, size // heads
    )
    key, value = joined.permute(2, 0, 3, 1, 4).contiguous().view(2, -1, width, size // heads)
    return _mixed(query, key, value, shown).view(-1, size)


def _mixed(query: "torch.Tensor", key: "torch.Tensor", value: "torch.Tensor", shown: "torch.Tensor") -> "torch.Tensor":
    """Means of the values, weighed by a softmax that is written out: the library's is several times slower in bf16
    unless a row's length suits its registers. Padding counts for nothing in either sum."""
    import torch

    weights = torch.bmm(query, key.transpose(1, 2)).clamp_(-HIGHEST, HIGHEST).exp_()
    return torch.bmm(weights, value * shown).div_(torch.bmm(weights, shown))


def _joined(network: Network, layer: Layer, state: "torch.Tensor", mixed: "torch.Tensor") -> "torch.Tensor":
    from torch.nn.functional import linear

    if layer.products:
        joined = eight.out(layer.products, mixed, state)
    else:
        joined = linear(mixed, layer.out.weight, layer.out.bias).add_(state)
    return _normal(network, joined, layer.out_norm)


def _rest(network: Network, layer: Layer, state: "torch.Tensor") -> "torch.Tensor":
    from torch.nn.functional import gelu, linear

    if layer.products:
        done = eight.inner(layer.products, state)
    else:
        wide = gelu(linear(state, layer.widen.weight, layer.widen.bias))
        done = linear(wide, layer.narrow.weight, layer.narrow.bias).add_(state)
    return _normal(network, done, layer.narrow_norm)


def _normal(network: Network, state: "torch.Tensor", norm: Affine) -> "torch.Tensor":
    from torch.nn.functional import layer_norm

    return layer_norm(state, norm.weight.shape, norm.weight, norm.bias, network.epsilon)
