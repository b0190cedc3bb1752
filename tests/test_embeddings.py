"""Embeddings are kept beside the store, one for the same words, and can be read while they are written."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from earful.data import embeddings


def vector(seed: int) -> np.ndarray:
    found = np.random.default_rng(seed).normal(size=384)
    return found / np.linalg.norm(found)


def test_what_was_saved_is_read_and_what_was_not_is_left_out(tmp_path: Path) -> None:
    embeddings.save(tmp_path, "one", {f"d{at}": vector(at) for at in range(1200)})
    embeddings.save(tmp_path, "two", {"d1": vector(7)})
    found = embeddings.read(tmp_path, "one", [f"d{at}" for at in range(1100, 1300)])
    assert list(found) == [f"d{at}" for at in range(1100, 1200)]
    assert found["d1100"] == pytest.approx(vector(1100), abs=1e-3)
    assert embeddings.read(tmp_path, "two", ["d1", "d2"])["d1"] == pytest.approx(vector(7), abs=1e-3)
    assert embeddings.read(tmp_path, "three", ["d1"]) == {}


def test_a_text_that_is_read_again_keeps_its_vector(tmp_path: Path) -> None:
    embeddings.save(tmp_path, "one", {"d": vector(1)})
    embeddings.save(tmp_path, "one", {"d": vector(2), "e": vector(3)})
    assert embeddings.read(tmp_path, "one", ["d"])["d"] == pytest.approx(vector(1), abs=1e-3)
    assert embeddings.lacking(tmp_path, "one", ["f", "e", "d", "c"]) == ["f", "c"]
    assert embeddings.lacking(tmp_path, "two", ["d"]) == ["d"]


def test_that_nothing_lacks_is_remembered_for_each_model_until_the_file_is_lost(tmp_path: Path) -> None:
    embeddings.mark_whole(tmp_path, "one")
    assert embeddings.is_whole(tmp_path, "one")
    assert not embeddings.is_whole(tmp_path, "two")
    for path in tmp_path.glob("embeddings.sqlite*"):
        path.unlink()
    assert not embeddings.is_whole(tmp_path, "one")


def test_readers_and_writers_do_not_hinder_each_other(tmp_path: Path) -> None:
    embeddings.save(tmp_path, "one", {"always": vector(0)})

    def work(at: int) -> int:
        if at % 2:
            embeddings.save(tmp_path, "one", {f"d{at}-{row}": vector(row) for row in range(200)})
        return len(embeddings.read(tmp_path, "one", ["always"]))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(40))) == {1}
    assert (
        len(embeddings.read(tmp_path, "one", [f"d{at}-{row}" for at in range(1, 40, 2) for row in range(200)])) == 4000
    )
