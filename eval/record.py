"""A run's folder: `run.json`, `results.jsonl`, `judgements.jsonl` and what a resumed run may rely on.

A result is one line, written and flushed when its question is answered, and a judgement is one when it was made, so that an
interruption loses the question or the judgement that was under way and no other. A line that was cut by a crash is dropped when the
run resumes. One process at a time writes to the folder: the lock on its `LOCK` is the operating system's and ends with its holder,
however that ends.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, TextIO

from eval.cache import HALF_CHARACTERS, content_hash
from eval.errors import RunLockedError
from rag.errors import ConfigError
from rag.index.files import replace_file
from rag.index.lock import FileLock, HeldError, Holder

FORMAT = 2
RUN_FILE = "run.json"
RESULTS_FILE = "results.jsonl"
JUDGEMENTS_FILE = "judgements.jsonl"
REPORT_FILE = "report.md"
PAGE_FILE = "report.html"
LOCK_FILE = "LOCK"

Result = dict[str, Any]
"""One line of the results: `id`, `question`, `history`, `type`, `expected`, `split` and `reference` of the question; `answer` (as
`ask --json`, or None), `error`, and what `measure` found; `seconds` that asking took. And `judged`: the judgements by metric."""

_OF_RESULT = (
    *("id", "question", "history", "type", "expected", "split", "reference", "answer", "error", "verdict", "facts", "evidence"),
    *("passage_tokens", "citations"),
)
_OF_JUDGEMENT = ("id", "metric", "status", "value", "reason", "seconds", "calls", "answer_hash")

_SAME = (
    "questions_sha256",
    "selected",
    "split",
    "generation",
    "chunks_sha256",
    "settings",
    "llm",
    "parts",
    "judge",
    "judging",
    "metrics",
    "versions",
    "code",
    "system_code",
)


class RunFolder:
    """The folder of one run, made or taken up after an interruption, open for writing. A context manager.

    Args:
        path: of the folder.
        description: what `run.json` says; the parts that answers depend on must be those of an earlier start.

    Raises:
        ConfigError: the folder cannot be written, or holds a run that was made with something else.
        RunLockedError: another process is writing to it.
    """

    def __init__(self, path: Path, description: Mapping[str, Any]) -> None:
        self.path = path
        self.description = {**description, "format": FORMAT}
        self._lines: dict[str, TextIO] = {}
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(path / LOCK_FILE, str(description.get("command") or "python -m eval run"))
        except HeldError as error:
            raise _locked(path, error.holder) from None
        except OSError as error:
            raise _not_writable(path, error) from error
        try:
            # Behind the lock: the last line of another process may be half written, and would be cut off.
            self._open()
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                raise _not_writable(path, error) from error
            raise

    def _open(self) -> None:
        if (self.path / RUN_FILE).exists():
            self._take_up(read_run(self.path))
        self._write_description()
        for name in (RESULTS_FILE, JUDGEMENTS_FILE):
            self._lines[name] = _reopened(self.path / name)
        self.results = read_results(self.path)

    def add(self, result: Result) -> None:
        """Write one result to disk; judgements of an earlier answer to the same question do not count any more."""
        self._write(RESULTS_FILE, {key: value for key, value in result.items() if key != "judged"})
        self.results[str(result["id"])] = {**result, "judged": {}}

    def judge(self, question: str, metric: str, judgement: Mapping[str, Any]) -> None:
        """Write one judgement to disk.

        Args:
            question: its id; it has a result.
            metric: its name.
            judgement: JSON values.
        """
        line = {"id": question, "metric": metric, **judgement, "answer_hash": content_hash(self.results[question]["answer"])}
        self._write(JUDGEMENTS_FILE, line)
        self.results[question]["judged"][metric] = dict(judgement)

    def finish(self, **facts: Any) -> None:  # noqa: ANN401  # JSON values
        """Add facts to `run.json`, such as when the run ended."""
        self.description.update(facts)
        self._write_description()

    def close(self) -> None:
        """Close the files and let the next process in. Calling it twice is fine."""
        for lines in self._lines.values():
            lines.close()
        self._lock.release()

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, name: str, line: Mapping[str, Any]) -> None:
        lines = self._lines[name]
        lines.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
        lines.flush()
        os.fsync(lines.fileno())

    def _take_up(self, earlier: Mapping[str, Any]) -> None:
        other = what_differs(earlier, self.description)
        if other:
            raise ConfigError(
                f"The run in {self.path} was made with another {other}", hint="Name another folder with --out, or none."
            )
        self.description["started"] = earlier.get("started")

    def _write_description(self) -> None:
        text = json.dumps(self.description, ensure_ascii=False, indent=2) + "\n"
        replace_file(self.path / RUN_FILE, text.encode())


def read_run(path: Path) -> dict[str, Any]:
    """Read the description of a run.

    Args:
        path: folder of the run.

    Returns:
        What its `run.json` says.

    Raises:
        ConfigError: there is no run in that folder, or it cannot be read.
    """
    try:
        description = json.loads((path / RUN_FILE).read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"There is no run in {path}", hint="Name a folder that holds a run.json.") from error
    except OSError as error:
        raise ConfigError(f"{path / RUN_FILE} cannot be read: {error.strerror}", hint="Check its permissions.") from error
    except ValueError as error:
        raise ConfigError(f"{path / RUN_FILE} is not JSON: {error}", hint="Make the run again.") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise ConfigError(f"{path / RUN_FILE} is not a run of this version", hint="Make the run again.")
    return description


def what_differs(run: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Return the first thing that figures depend on in which two descriptions differ, with both values; empty if none does."""
    for key in _SAME:
        if run.get(key) != other.get(key):
            return f"{key.replace('_', ' ')}{_difference(run.get(key), other.get(key))}"
    return ""


def find_unfinished(runs: Path, description: Mapping[str, Any]) -> Path | None:
    """Return the folder of the newest unfinished run of the same name, made with the same things; None if there is none."""
    for file in sorted(runs.glob(f"*-{description['name']}/{RUN_FILE}"), reverse=True):
        try:
            earlier = read_run(file.parent)
        except ConfigError:  # of an older version, or damaged: not to be taken up, and no reason not to start a new one
            continue
        # "*-run" is also what a run of the name "second-run" is called.
        same = earlier.get("name") == description["name"] and not earlier.get("finished")
        if same and not what_differs(earlier, description):
            return file.parent
    return None


def read_results(path: Path) -> dict[str, Result]:
    """Read the results of a run, each with its judgements.

    Args:
        path: folder of the run; one that has no results yet gives none.

    Returns:
        Results by question id, in the order they were first written; a later line replaces an earlier one. Judgements of an answer
        that is not there any more are left out.

    Raises:
        ConfigError: a line is not a result or a judgement.
    """
    results: dict[str, Result] = {}
    for result in _lines(path / RESULTS_FILE, "result", _OF_RESULT):
        results[str(result["id"])] = {**result, "judged": {}}
    answers = {name: content_hash(result["answer"]) for name, result in results.items()}
    for judgement in _lines(path / JUDGEMENTS_FILE, "judgement", _OF_JUDGEMENT):
        name, metric, answer = (judgement.pop(key) for key in ("id", "metric", "answer_hash"))
        if answers.get(name) == answer:
            results[name]["judged"][metric] = judgement
    return results


def _lines(file: Path, what: str, fields: Sequence[str]) -> Iterator[dict[str, Any]]:
    try:
        # Split before it is decoded: what was cut may end inside of a character.
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}", hint="Check its permissions.") from error
    for number, line in enumerate(lines[:-1], 1):  # what follows the last line break was cut
        try:
            value = json.loads(line, parse_constant=_no_number)
        except ValueError:
            value = None
        if not isinstance(value, dict) or not all(field in value for field in fields):
            raise ConfigError(f"{file}, line {number} is not a {what}", hint="Remove that line.")
        yield value


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _locked(path: Path, who: Holder | None) -> RunLockedError:
    message = f"Another process is writing to the run in {path}"
    if who:
        message = f"{who.command!r} (process {who.pid} on {who.host}) has been writing to the run in {path} since {who.since}"
    hint = (
        "Wait until it is done and run this again, or name another folder with --out; if it hangs, end that process, "
        "and its lock goes with it."
    )
    return RunLockedError(message, hint=hint)


def _not_writable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{path} cannot be written: {error.strerror}", hint="Check --out.")


def _reopened(file: Path) -> TextIO:
    _cut_unfinished_line(file)
    return file.open("a", encoding="utf-8", errors=HALF_CHARACTERS)


def _cut_unfinished_line(file: Path) -> None:
    if not file.exists():
        return
    raw = file.read_bytes()
    whole = raw.rfind(b"\n") + 1
    if whole < len(raw):
        with file.open("r+b") as stream:
            stream.truncate(whole)


def _difference(one: object, other: object) -> str:
    if isinstance(one, dict) and isinstance(other, dict):
        changed = [name for name in sorted({*one, *other}) if one.get(name) != other.get(name)]
        return ": " + ", ".join(f"{name} was {one.get(name)!r}, is {other.get(name)!r}" for name in changed)
    return f": it was {one!r}, is {other!r}"
