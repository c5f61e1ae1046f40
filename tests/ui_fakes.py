"""A chat over small pages of its own and a scripted model: the real assistant, pipeline and citations, and no weights.

A question holds the name of its script (`lora`, `slow`, `hostile`, ...); with `perhaps` in it the model is in doubt whether the
notes hold the answer. The rest of it does not matter.
"""

from __future__ import annotations

import re
import time

from rag.answer.single import AskSettings
from rag.assistant import Assistant
from rag.errors import LLMError
from rag.types import Chunk, Passage, Retrieval
from tests.build import nearest_to, word_vector

PAYLOADS = (
    "<script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 2'>",
    "<svg onload='window.hacked = 3'></svg>",
    '<iframe src="javascript:parent.hacked = 4"></iframe>',
    "[click](javascript:window.hacked=5)",
    "![p](https://example.org/track.png)",
    "<details open ontoggle='window.hacked = 6'>",
    "<a href='javascript:window.hacked=7' autofocus onfocus='window.hacked=8'>x</a>",
    "${window.hacked = 9}",
    "{{constructor.constructor('window.hacked = 10')()}}",
    "<style>@import 'https://example.org/evil.css';</style>",
    "</template><script>window.hacked = 11</script>",
    "<link rel=stylesheet href=https://example.org/x.css>",
    "<form action=https://example.org><button>go</button></form>",
)

PAGES = {
    "guide/lora.md": (
        "LoRA",
        "# LoRA\n\nLow-rank adaptation trains a small number of new weights beside the frozen ones.\n\n"
        "## Rank\n\nA rank of 8 is enough for most styles. A rank of 64 learns more, and costs more memory.\n\n"
        "## Memory\n\nA 7B model is trained on one graphics card with 16 GB when its weights are kept in 4 bits.\n\n"
        "- The base weights stay frozen.\n- Only the adapters are stored.\n",
    ),
    "guide/attention.md": (
        "Attention",
        "# Attention\n\nAttention compares each token with every other token.\n\n"
        "## Cost\n\nIts cost grows with the square of the length of the text. A cache of keys and values keeps earlier "
        "work, so that each new token is compared once.\n",
    ),
    "notes/Sampling cheat sheet.md": (
        "Sampling cheat sheet",
        "# Sampling cheat sheet\n\n| temperature | effect |\n|---|---|\n| 0 | always the likeliest token |\n"
        "| 1 | as the model has learned it |\n\nTop-p keeps the smallest set of tokens whose probabilities sum to p.\n\n"
        "Speech of VALL-E is drawn in another way.\n",
    ),
    "notes/hostile <img src=x onerror=hacked=12>.md": (
        "Hostile <script>window.hacked = 13</script>",
        "# Hostile <b onmouseover='window.hacked=14'>heading</b>\n\nThe hostile page greets its reader.\n\n"
        + "\n\n".join(f"Trick {number}: {payload}" for number, payload in enumerate(PAYLOADS))
        + "\n",
    ),
}

_OFTEN = ("always", "again", "indeed", "still", "truly", "surely", "plainly", "simply")

SCRIPTS = {
    "lora": "LoRA trains a small number of new weights beside the frozen ones [1]. A rank of 8 is enough for most styles [1]. "
    "**Only the adapters are stored** [1].\n\n- The base weights stay frozen.\n- It was invented by a committee in 1931.\n",
    "attention": "Attention compares each token with every other token [1]. "
    "Its cost grows with the square of the length of the text.",
    "temperature": "| temperature | effect |\n|---|---|\n| 0 | always the likeliest token |\n\n```python\nprint('top-p')\n```\n",
    "slow": "Attention compares each token with every other token. "
    + " ".join(
        f"Its cost grows with the square of the length of the text, {one} and {other}." for one in _OFTEN for other in _OFTEN
    ),
    "hostile": "The hostile page greets its reader.\n" + "\n".join(f"Trick {n}: {payload}" for n, payload in enumerate(PAYLOADS)),
}


DOUBTFUL = 0.6
"""Too little to be answered whatever is said, enough to be answered if it is said of what was asked."""


class Pages:
    """One generation: a chunk for each paragraph, found by shared words."""

    chunk_count = 1

    def __init__(self, pages=PAGES, number=1):
        self.number = number
        self._sources = {path: source for path, (_, source) in pages.items()}
        self._chunks = {chunk.id: chunk for path, (title, source) in pages.items() for chunk in _chunks(path, title, source)}
        self.chunk_count = len(self._chunks)

    def nearest(self, query, count, where=None):
        inside = (where or {}).get("path", "")
        fitting = {one: chunk for one, chunk in self._chunks.items() if f"{chunk.path}/".startswith(f"{inside}/" if inside else "")}
        scores = {one: float(query @ word_vector(f"{chunk.title} {chunk.text}")) for one, chunk in fitting.items()}
        return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:count]

    def chunks(self, ids):
        return [self._chunks[one] for one in ids]

    def chunks_of(self, path):
        return [chunk for chunk in self._chunks.values() if chunk.path == path]

    def source(self, path):
        return self._sources[path]

    def close(self):
        pass


class WordRetriever:
    """Finds what shares words with the question: as the real one does it, in one stage."""

    def retrieve(self, question, generation, *, top_k, max_tokens, history=(), where=None, page=""):
        earlier = [turn["content"] for turn in history if turn["role"] == "user"]
        query = f"{earlier[-1]} {question}" if earlier and len(question.split()) < 4 else question
        start = time.perf_counter()
        passages, dropped, left = [], [], max_tokens
        found = generation.nearest(word_vector(query), 20, where) if question.strip() else []
        for (one, score), chunk in zip(found, generation.chunks([one for one, _ in found]), strict=True):
            tokens = len(chunk.text.split())
            if len(passages) == top_k or tokens > left:
                dropped.append((one, f"below the best {top_k}" if len(passages) == top_k else "too long"))
                continue
            left -= tokens
            shown = (chunk.text, chunk.spans, chunk.alignment)
            passages.append(Passage(chunk, score, len(passages) + 1, {"dense": score}, tokens, *shown))
        timings = {"search": time.perf_counter() - start, "total": time.perf_counter() - start}
        return Retrieval(question, query, tuple(passages), timings, generation.number, tuple(dropped))

    def to_read(self, found, *, in_order=True):
        return found.passages

    def widen(self, kept, found, generation, *, top_k, max_tokens):
        return found.passages

    def nearest(self, passages, query, *, in_order=True):
        return nearest_to(query)(passages)

    def warm_up(self):
        """Nothing is loaded."""


class ScriptedModel:
    """Writes what its script says, word by word."""

    name = "scripted"
    context_tokens = 8192

    def __init__(self, pause_s=0.02):
        self.pause_s = pause_s
        self.streams = 0
        self.stopped = 0

    def probabilities(self, messages, choices):
        time.sleep(self.pause_s)
        if "\nNote 1 (" not in messages[-1]["content"]:
            return (0.5, 0.5)
        if _asked(messages) == "":
            return (0.1, 0.9)
        yes = DOUBTFUL if "perhaps" in _question(messages) else 0.995  # sure: a doubtful answer is held back
        return (yes, 1 - yes)

    def stream(self, messages, *, max_tokens, stop=(), schema=None):
        script = _asked(messages)
        if script == "broken":
            raise LLMError("The engine stumbled", hint="Ask again.")
        self.streams += 1
        try:
            # Asked to say a question anew, it says nothing: the question stays as it is.
            for piece in re.findall(r"\S+\s*", SCRIPTS.get(script, "")):
                time.sleep(self.pause_s * (3 if script == "slow" else 1))
                yield piece
        except GeneratorExit:
            self.stopped += 1
            raise

    def count_tokens(self, text):
        return len(text.split())

    def count_prompt(self, messages):
        return sum(len(message["content"].split()) for message in messages)

    def close(self):
        pass


def named_model(name, pause_s=0.02):
    """Return a scripted model of another name."""
    model = ScriptedModel(pause_s)
    model.name = name
    return model


class _Source:
    def __init__(self, generation):
        self.generation = generation

    def current_number(self):
        return self.generation.number if self.generation else None

    def open_current(self):
        return self.generation


def scripted_assistant(model=None, *, loading=lambda: None, pages=PAGES, retriever=None):
    """Return an assistant that knows `pages` and answers from `SCRIPTS`; its model is loaded when `loading` returns."""
    model = model or ScriptedModel()

    def load():
        loading()
        return model

    generation = Pages(pages) if pages is not None else None
    return Assistant(_Source(generation), retriever or WordRetriever(), load, AskSettings(6, 600, 300, 0.5))


def example_questions():
    return ["What is LoRA, and how does lora save memory?", "How does attention scale?", "<img src=x onerror='window.hacked = 15'>"]


def _asked(messages):
    if "Follow-up question:" in messages[-1]["content"]:
        return ""
    question = _question(messages)
    return next((name for name in ("broken", "slow", *SCRIPTS) if name in question), "")


def _question(messages):
    return messages[-1]["content"].rsplit("Question:", 1)[-1].split("\n")[0].casefold()


def _chunks(path, title, source):
    headings = ()
    for ordinal, match in enumerate(re.finditer(r"\S(?:.|\n(?!\n))*", source)):
        text = match.group()
        if text.startswith("#"):
            level, name = text.split(" ", 1)
            headings = (*headings[: len(level) - 1], name)
            continue
        span = match.span()
        yield Chunk(
            id=f"{path}:{ordinal}",
            document_id=path,
            path=path,
            title=title,
            ordinal=ordinal,
            text=text,
            spans=(span,),
            alignment=((0, len(text), *span),),
            heading_path=headings,
            line=source.count("\n", 0, span[0]) + 1,
        )
