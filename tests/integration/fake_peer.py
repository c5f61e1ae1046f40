"""A driver for tests, in the way of the real ones: pages are its chunks, words in common its search. Standard library alone."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "eval" / "bench" / "peers" / "drivers"))

from wire import pages, serve, settings


class Fake:
    def __init__(self):
        sys.stdout.write("vendors print\n")
        sys.stdout.flush()
        self.mood = settings().get("mood", "")

    def ingest(self, corpus, store):
        if self.mood == "dies":
            sys.exit(3)
        files = pages(corpus)
        hoards = self.mood == "forgets nothing" and store.exists()
        kept = json.loads((store / "pages.json").read_text()) if hoards else {}
        kept |= {file.relative_to(corpus).as_posix(): file.read_text() for file in files}
        store.mkdir(parents=True, exist_ok=True)
        (store / "pages.json").write_text(json.dumps(kept))
        return {"documents": len(files), "chunks": len(kept)}

    def open(self, corpus, store):
        self.kept = json.loads((store / "pages.json").read_text())

    def search(self, question, top_k, request):
        if self.mood == "cannot search":
            raise LookupError("there is no search here")
        words = set(question.lower().strip("?").split())
        order = sorted(self.kept, key=lambda path: -len(words & set(self.kept[path].lower().split())))
        own = {"spans": [[0, 10]], "tokens": 5} if self.mood == "own" else {}
        return [{"path": path, "text": self.kept[path], **own} for path in order[:top_k]]

    def ask(self, question, max_tokens):
        yield ""
        yield "It is "
        yield self.search(question, 1, {})[0]["path"]
        return None


serve(Fake)
