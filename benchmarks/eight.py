"""The judge's pass in whole numbers of eight bits against its pass in bf16: processor time and answers.

    python benchmarks/eight.py [--texts 400]

One thread, the same batches, each read by both in turn five times; what is compared is processor time, so that a busy
machine slows both alike. The texts are those of score.py.
"""

import argparse
import random
import statistics
import time
from unittest.mock import patch

import torch
from reading import cut_to
from score import make

from earful.models import encoder, network, sentiment

TURNS = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--texts", type=int, default=400)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if not sentiment.eight_bits_are_fast():
        raise SystemExit("This processor has no instruction for whole numbers of eight bits.")
    judge = sentiment.load()
    judge.score([("warm", "")])
    with patch.object(sentiment, "eight_bits_are_fast", lambda: False):
        plain = sentiment.load()
    sets = {"mixed lengths": make(given.texts), "as short as tweets": make(given.texts, 2)}
    sets |= {f"{tokens} tokens": cut_to(judge, tokens, given.texts // 2) for tokens in (8, 25, 47, 90)}
    print("| texts | bf16, ms a text | eight bits, ms a text | faster by | other likeliest label | mean difference |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, pairs in sets.items():
        inputs = encoder.tokenize(judge.tokenizer, random.Random(1).sample(pairs, len(pairs)), judge.max_tokens)
        spent: dict[str, list[float]] = {"eight": [], "bf16": []}
        for turn in range(TURNS + 1):
            answers: dict[str, list[torch.Tensor]] = {"eight": [], "bf16": []}
            seconds = dict.fromkeys(spent, 0.0)
            for batch in encoder.batches([encoder.width(len(one.numbers)) for one in inputs], sentiment.BUDGET):
                for way, one in (("eight", judge), ("bf16", plain)):
                    began = time.thread_time()
                    answer = network.read(one.network, [inputs[at] for at in batch])
                    seconds[way] += time.thread_time() - began
                    answers[way].append(torch.softmax(answer.sentiment / one.temperature, 1))
            for way in spent if turn else ():  # the first warms up
                spent[way].append(1000 * seconds[way] / len(inputs))
        eight, bf16 = (torch.cat(answers[way]) for way in ("eight", "bf16"))
        ratio = statistics.median(slow / fast for slow, fast in zip(spent["bf16"], spent["eight"], strict=True))
        print(
            f"| {name} | {statistics.median(spent['bf16']):.2f} | {statistics.median(spent['eight']):.2f} |"
            f" {ratio:.2f} × | {(eight.argmax(1) != bf16.argmax(1)).float().mean():.1%} |"
            f" {(eight - bf16).abs().mean():.4f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
