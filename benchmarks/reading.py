"""The judge's speed by length of text, its share of the processor's peak, memory, cold start, two processes at once.

    python benchmarks/reading.py

The peak is measured in the same run: the best of twenty products of two 2048 x 2048 matrices in the judge's own
precision. Counted as work are the products of one pass over the tokens there are, not over padding.
"""

import argparse
import random
import resource
import subprocess
import sys
import time

import torch
from score import make

from earful.models import encoder, sentiment

LENGTHS = (8, 16, 25, 40, 60, 90)  # tokens, the brand and the marks of start and end included
COLD = (
    "import time; began = time.perf_counter()\n"
    "from earful.models import sentiment\n"
    "sentiment.load().score([('Acme lost my parcel again', 'Acme')])\n"
    "print(time.perf_counter() - began)"
)


def peak(dtype: torch.dtype) -> float:
    """Measures the most multiplications and additions a second that a matrix product reaches here."""
    one, other = torch.randn(2048, 2048, dtype=dtype), torch.randn(2048, 2048, dtype=dtype)
    best = float("inf")
    for _ in range(20):
        began = time.perf_counter()
        torch.mm(one, other)
        best = min(best, time.perf_counter() - began)
    return float(2 * 2048**3 / best)


def work(tokens: int, layers: int, hidden: int, wide: int) -> float:
    """Counts the multiplications and additions of one pass over one text."""
    full = 2 * tokens * (4 * hidden**2 + 2 * hidden * wide) + 4 * tokens**2 * hidden
    last = 2 * tokens * 2 * hidden**2 + 2 * (2 * hidden**2 + 2 * hidden * wide) + 4 * tokens * hidden
    return float((layers - 1) * full + last + 2 * 2 * hidden**2)


def cold() -> float:
    """Starts a process and gives the seconds until its first score, the interpreter's start left out."""
    return float(subprocess.run([sys.executable, "-c", COLD], capture_output=True, text=True, check=True).stdout)


def rate(judge: sentiment.Judge, pairs: list[tuple[str, str]], rounds: int = 3) -> float:
    """Gives texts a second, the best of some rounds."""
    judge.score(pairs)
    best = 0.0
    for _ in range(rounds):
        began = time.perf_counter()
        judge.score(pairs)
        best = max(best, len(pairs) / (time.perf_counter() - began))
    return best


def cut_to(judge: sentiment.Judge, tokens: int, count: int) -> list[tuple[str, str]]:
    """Makes pairs that the judge reads as about so many tokens."""
    words = " ".join(text for text, _ in make(400)).split()
    chance = random.Random(tokens)
    pairs = []
    while len(pairs) < count:
        at = chance.randrange(len(words) - 200)
        text = " ".join(words[at : at + 200])
        ids = judge.tokenizer.encode(encoder.clean(text, "Oxbow"), add_special_tokens=False)
        end = ids.offsets[max(0, tokens - 6)][1]
        pairs.append((encoder.clean(text, "Oxbow")[:end], "Oxbow"))
    return pairs


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter).parse_args()
    starts = sorted(cold() for _ in range(5))
    dtype = torch.bfloat16 if sentiment.bf16_is_fast() else torch.float32
    best = peak(dtype)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    judge = sentiment.load()
    loaded = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    size = judge.network.words.shape[1]
    layers, wide = len(judge.network.layers), judge.network.layers[0].widen.weight.shape[0]
    print(f"peak here, {str(dtype).removeprefix('torch.')}: {best / 1e9:,.0f} GFLOP/s\n")
    print("| tokens a text | texts/s | share of the peak |\n|---:|---:|---:|")
    for tokens in LENGTHS:
        pairs = cut_to(judge, tokens, 2000 if tokens < 40 else 1000)
        read = [len(one.numbers) for one in encoder.tokenize(judge.tokenizer, pairs, judge.max_tokens)]
        speed = rate(judge, pairs)
        done = sum(work(one, layers, size, wide) for one in read) / len(read) * speed
        print(f"| {sum(read) / len(read):.0f} | {speed:,.0f} | {done / best:.0%} |")
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pairs = make(3000)
    alone = rate(judge, pairs, 2)
    script = (
        "import sys, time; sys.path.insert(0, 'benchmarks')\n"
        "from score import make\nfrom earful.models import sentiment\n"
        "judge, pairs = sentiment.load(), make(3000)\njudge.score(pairs)\nbegan = time.perf_counter()\n"
        "judge.score(pairs)\nprint(3000 / (time.perf_counter() - began))"
    )
    both = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    rates = [float(process.communicate()[0]) for process in both]
    print(f"\nmixed lengths: {alone:,.0f} texts/s; two processes at once: {rates[0]:,.0f} and {rates[1]:,.0f}")
    print(f"memory: {before:,.0f} MiB with torch, {loaded:,.0f} with the weights, {after:,.0f} at most while scoring")
    print(f"cold start to the first score: {starts[2]:.1f} s in the middle of five, {starts[-1]:.1f} s at worst")


if __name__ == "__main__":
    main()
