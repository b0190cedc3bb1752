"""A tiny classifier in Hugging Face's layout with random weights, and a hub on this machine that hands it out."""

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ("acme", "ferrywell", "good", "bad", "word", "kettle", "😀", "!", ".", "@", "##user", "gut", "schlecht")
SENTIMENTS = ("negative", "neutral", "positive")
REVISION = "0123456789abcdef0123456789abcdef01234567"


def make(folder: Path, labels: Sequence[str] = SENTIMENTS, classifier: bool = True) -> Path:
    """Writes a BERT of two layers that reads 64 tokens; it answers differently to different texts, without sense."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizerFast, logging

    logging.disable_progress_bar()
    folder.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *LETTERS, *(f"##{letter}" for letter in LETTERS), *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"))
    (folder / "vocab.txt").unlink()
    torch.manual_seed(7)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=66,
        initializer_range=0.5,
        id2label=dict(enumerate(labels)),
        label2id={label: at for at, label in enumerate(labels)},
    )
    network = BertForSequenceClassification(config) if classifier else BertModel(config)
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@contextmanager
def hub(place: str, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Hands a folder out as the hub would, at REVISION; gives its address and the list of what it was asked for."""
    asked: list[str] = []
    files = {path.name: path.read_bytes() for path in folder.iterdir()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            asked.append(f"{self.command} {path}")
            name = path.rpartition("/")[2]
            if path == f"/api/models/{place}/tree/{REVISION}":
                listed = [
                    {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
                    for name, content in files.items()
                ]
                self._answer(200, json.dumps(listed).encode(), "application/json")
            elif path == f"/{place}/resolve/{REVISION}/{name}" and name in files:
                self._answer(200, files[name], "application/octet-stream")
            else:
                self._answer(404, b"{}", "application/json")

        def do_HEAD(self) -> None:
            self.do_GET()

        def _answer(self, status: int, content: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Type", kind)
            self.send_header("X-Repo-Commit", REVISION)
            self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()
