"""Products of whole numbers of eight bits, twice as fast as bf16 where the processor has an instruction for them.

Weights become whole numbers with a scale a row. Inputs become 0 to 255 with one scale for all, fixed beforehand from
what has been seen, so that no text's answer depends on its neighbours. Two things keep the answers close:

- A few channels reach far beyond the rest. What is normalised is stretched channel by channel to a like reach, and the
  weights shrunk by as much (Xiao et al. 2022, https://arxiv.org/abs/2211.10438).
- What gelu gives is cut at TOP; the few channels that go beyond get copies, each with a bias lower by another TOP,
  which take up the rest (Zhao et al. 2019, https://arxiv.org/abs/1901.09504).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

ROOM = 1.1  # beyond what has been seen
SHARE = 0.7  # of a channel's reach that its weights take over; the rest stays with the input
TOP = 6.0  # of what gelu gives, which is -0.17 at least
STEP = (TOP + 0.17) / 255
COPIES = 16  # of channels, a layer


@dataclass(frozen=True, slots=True)
class Product:
    """An affine map of inputs (rows, channels) that are written as 0 to 255: (number - zero) * step * stretch."""

    weight: "torch.Tensor"
    scales: "torch.Tensor"
    zeros: "torch.Tensor"
    bias: "torch.Tensor"
    step: float
    zero: int
    stretch: "torch.Tensor"


@dataclass(frozen=True, slots=True)
class Products:
    """What of a layer is done in whole numbers."""

    attend: Product
    out: Product
    widen: Product
    narrow: Product


def stretched(weight: "torch.Tensor", bias: "torch.Tensor", seen: "torch.Tensor") -> Product:
    """Prepares a product from its weights (outputs, channels) and examples of its input (rows, channels)."""
    reach = ROOM * seen.float().abs().amax(0).clamp(min=1e-3)
    stretch = reach**SHARE / weight.float().abs().amax(0).clamp(min=1e-4) ** (1 - SHARE)
    return _product(weight, bias, float((reach / stretch).max()) / 127, 128, stretch)


def feed_forward(
    widen: "tuple[torch.Tensor, torch.Tensor]",
    narrow: "tuple[torch.Tensor, torch.Tensor]",
    seen: "torch.Tensor",
    wide: "torch.Tensor",
) -> tuple[Product, Product]:
    """Prepares the two products around gelu from (weight, bias) of each and examples of what goes into the first and
    what gelu gives (rows, channels)."""
    import torch

    beyond = wide.float().amax(0) - TOP * torch.arange(1, 9)[:, None]
    copies = beyond.flatten().topk(COPIES).indices
    channels = copies % wide.shape[1]
    lower = TOP * (1 + copies // wide.shape[1])
    first = stretched(
        torch.cat([widen[0], widen[0][channels]]),
        torch.cat([widen[1].float(), widen[1][channels].float() - lower]),
        seen,
    )
    weight = torch.cat([narrow[0], narrow[0][:, channels]], 1)
    return first, _product(weight, narrow[1], STEP, round(0.17 / STEP), torch.ones(weight.shape[1]))


def _product(weight: "torch.Tensor", bias: "torch.Tensor", step: float, zero: int, stretch: "torch.Tensor") -> Product:
    import torch

    weight = weight.float() * stretch
    scales = weight.abs().amax(1).clamp(min=1e-9) / 127
    return Product(
        weight=torch.ops.onednn.qlinear_prepack((weight / scales[:, None]).round().to(torch.int8), None),
        scales=scales,
        zeros=torch.zeros(len(weight), dtype=torch.int32),
        bias=bias.float(),
        step=step,
        zero=zero,
        stretch=1 / (stretch * step),
    )


def attend(products: Products, state: "torch.Tensor") -> "torch.Tensor":
    """Gives queries, keys and values of states (rows, size), in bf16."""
    import torch

    return _times(products.attend, _numbers(products.attend, state), torch.bfloat16)


def out(products: Products, mixed: "torch.Tensor", state: "torch.Tensor") -> "torch.Tensor":
    """Gives what attention adds to states, and the states themselves, (rows, size), in bf16."""
    return _times_and(products.out, _numbers(products.out, mixed), state)


def inner(products: Products, state: "torch.Tensor") -> "torch.Tensor":
    """Gives what the two products with gelu between them add to states, and the states, (rows, size), in bf16."""
    import torch

    narrow = products.narrow
    numbers = _numbers(products.widen, state)
    wide = _times(products.widen, numbers, torch.uint8, narrow.step, narrow.zero, "gelu")
    return _times_and(narrow, wide, state)


def _numbers(product: Product, state: "torch.Tensor") -> "torch.Tensor":
    import torch

    half_more = torch.tensor(product.zero + 0.5)  # what follows cuts, it does not round
    return torch.addcmul(half_more, state, product.stretch).clamp_(0, 255).to(torch.uint8)


def _factors(product: Product, numbers: "torch.Tensor") -> tuple[Any, ...]:
    return numbers, product.step, product.zero, product.weight, product.scales, product.zeros


def _times(
    product: Product,
    numbers: "torch.Tensor",
    dtype: "torch.dtype",
    step: float = 1.0,
    zero: int = 0,
    after: str = "none",
) -> "torch.Tensor":
    import torch

    done: torch.Tensor = torch.ops.onednn.qlinear_pointwise(
        *_factors(product, numbers),
        product.bias,
        step,
        zero,
        dtype,
        after,
        [],
        "none" if after == "gelu" else "",
    )
    return done


def _times_and(product: Product, numbers: "torch.Tensor", other: "torch.Tensor") -> "torch.Tensor":
    import torch

    done: torch.Tensor = torch.ops.onednn.qlinear_pointwise.binary(
        *_factors(product, numbers),
        other,
        product.bias,
        1.0,
        0,
        torch.bfloat16,
        1.0,
        0,
        "add",
        1.0,
        "none",
        [],
        "",
    )
    return done
