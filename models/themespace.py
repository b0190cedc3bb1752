"""The space in which themes are found: what a text is about, by its words and by its embedding.

Two parts side by side, each of length 1, then weighed: the embedding less its mean, and the words (TF-IDF, reduced by
latent semantic analysis, https://scikit-learn.org/stable/modules/decomposition.html). The words weigh more: an
embedding made to judge sentiment sees an angry customer first and the gearbox second. It is fitted to one brand's
texts and kept, so that later texts are placed in the same space.
"""

import io
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer
from sklearn.preprocessing import normalize

Rows = npt.NDArray[np.float32]
WORDS_WEIGH = 1.4  # times the embedding
DIMENSIONS = 50  # of the words, for a brand with enough texts
VOCABULARY = 8000
LONGEST = 6000  # characters of a text that are read: the rest is contracts and copies
WORD = r"(?u)\b(?!(\w)\1+\b)[^\W\d_][\w'’]*[^\W_]\b"  # begins with a letter; "xxxx" stands for what was taken out


@dataclass(frozen=True)
class Space:
    """A fitted space: each word's place in the vocabulary and its rarity, the directions (dimensions, words), and what
    the texts have in common: the mean embedding (size,) and the mean of their words (dimensions,)."""

    words: dict[str, int]
    rarity: Rows
    directions: Rows
    mean: Rows
    common: Rows

    def place(self, texts: Sequence[str], embeddings: Rows) -> Rows:
        """Gives texts their unit rows (texts, size + dimensions); an embedding of zeros counts as none."""
        there = np.linalg.norm(embeddings, axis=1, keepdims=True) > 0
        meant = normalize(np.where(there, embeddings - self.mean, 0.0))
        said = np.zeros((len(texts), len(self.directions)), np.float32)
        if self.words:
            counted = _vectorizer(self.words, self.rarity).transform([text[:LONGEST] for text in texts])
            said = normalize(normalize(np.asarray(counted @ self.directions.T, np.float32)) - self.common)
        placed: Rows = normalize(np.hstack([meant, WORDS_WEIGH * said])).astype(np.float32)
        return placed

    def to_bytes(self) -> bytes:
        """Packs the space into bytes, halves of the numbers' precision."""
        packed = io.BytesIO()
        vocabulary = json.dumps(sorted(self.words, key=self.words.__getitem__)).encode()
        np.savez_compressed(
            packed,
            words=np.frombuffer(vocabulary, np.uint8),
            rarity=self.rarity.astype(np.float16),
            directions=self.directions.astype(np.float16),
            mean=self.mean.astype(np.float16),
            common=self.common.astype(np.float16),
        )
        return packed.getvalue()


def from_bytes(packed: bytes) -> Space:
    """Unpacks a space."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as parts:
        vocabulary = json.loads(parts["words"].tobytes())
        rest = [parts[name].astype(np.float32) for name in ("rarity", "directions", "mean", "common")]
    return Space({word: place for place, word in enumerate(vocabulary)}, *rest)


def fit(texts: Sequence[str], embeddings: Rows, names: Collection[str] = ()) -> Space:
    """Fits the space to a brand's texts; words of `names` (the brands') tell no themes apart and are left out."""
    there = np.linalg.norm(embeddings, axis=1) > 0
    mean = embeddings[there].mean(0) if there.any() else np.zeros(embeddings.shape[1], np.float32)
    dimensions = min(DIMENSIONS, len(texts) // 2)
    least, most = (3 if len(texts) > 500 else 2), 0.5
    nothing = Space({}, np.zeros(0, np.float32), np.zeros((0, 0), np.float32), mean, np.zeros(0, np.float32))
    if dimensions < 2:
        return nothing
    stop = sorted(ENGLISH_STOP_WORDS | name_words(names))
    vectorizer = TfidfVectorizer(
        sublinear_tf=True, min_df=least, max_df=most, max_features=VOCABULARY, stop_words=stop,
        tokenizer=tokens, token_pattern=None, dtype=np.float32,
    )  # fmt: skip
    try:
        counted = vectorizer.fit_transform([text[:LONGEST] for text in texts])
    except ValueError:  # no word is in two texts
        return nothing
    dimensions = min(dimensions, counted.shape[1] - 1)
    if dimensions < 2:
        return nothing
    reduction = TruncatedSVD(dimensions, random_state=0).fit(counted)
    words = {word: int(place) for word, place in vectorizer.vocabulary_.items()}
    said = normalize(reduction.transform(counted))
    return Space(
        words, vectorizer.idf_.astype(np.float32), reduction.components_.astype(np.float32), mean,
        said.mean(0).astype(np.float32),
    )  # fmt: skip


def name_words(names: Collection[str]) -> set[str]:
    """Lists the words that brands' names are made of, as they are read here, also with 's."""
    words = {word for name in names for word in [*tokens(name), "".join(tokens(name))] if word}
    return words | {f"{word}{ending}" for word in words for ending in ("s", "'s", "’s")}


def tokens(text: str) -> list[str]:
    """Gives the words of a text in small letters, each of two letters or more."""
    return [match[0] for match in _WORD.finditer(text.lower())]


_WORD = re.compile(WORD)


def _vectorizer(words: dict[str, int], rarity: Rows) -> TfidfVectorizer:
    vectorizer = TfidfVectorizer(
        sublinear_tf=True, vocabulary=words, tokenizer=tokens, token_pattern=None, dtype=np.float32
    )
    vectorizer.idf_ = rarity
    return vectorizer
