"""What only the engine in this process promises: silence, no port, no reading twice, and an end without a crash."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rag.errors import ModelError
from rag.llm.llama_cpp import LlamaCpp
from rag.llm.llama_engine import BATCH_TOKENS
from rag.llm.llama_library import import_library

pytestmark = pytest.mark.model

NOTES = "Grass is green, snow is white, and the sky on a clear day is blue. " * 14


def user(text):
    return [{"role": "user", "content": text}]


@pytest.fixture(scope="module", autouse=True)
def _library(llama_library):
    """Loaded before any test does: a process holds one."""
    import_library(llama_library)


@pytest.fixture(scope="module")
def llm(smollm2_path, llama_library, threads):
    model = LlamaCpp(smollm2_path, context_tokens=2048, threads=threads, slots=2, library=llama_library)
    assert model.native == (llama_library is not None)
    yield model
    model.close()


@pytest.fixture
def read(llm, monkeypatch):
    """The number of prompt tokens that each request has read so far."""
    read = []
    call = llm._engine._call

    def spy(request, on_event):
        def see(event):
            progress = event.get("prompt_progress")
            if progress and progress["processed"] == progress["total"]:
                read.append(progress["total"] - progress["cache"])
            return on_event(event)

        call(request, see)

    monkeypatch.setattr(llm._engine, "_call", spy)
    return read


def test_loading_and_answering_print_nothing(smollm2_path, capfd):
    model = LlamaCpp(smollm2_path, context_tokens=512, threads=1)
    list(model.stream(user("Hello"), max_tokens=2))
    model.close()
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="has no socket files")
def test_no_port_is_opened(llm):
    address = llm._engine._state.server.listening_address
    assert address.startswith("unix:")
    folder = llm._engine._state.folder
    assert folder.stat().st_mode & 0o077 == 0


def test_its_folder_goes_with_it(smollm2_path):
    model = LlamaCpp(smollm2_path, context_tokens=512, threads=1)
    folder = model._engine._state.folder
    assert folder.is_dir()
    model.close()
    assert not folder.exists()


def test_notes_are_read_once_for_the_decision_and_the_answer(llm, read):
    llm.probabilities(user(f"{NOTES}Is snow white?"), ("yes", "no"))
    text = "".join(llm.stream(user(f"{NOTES}What is white?"), max_tokens=2))
    assert text
    assert read[0] > 200
    assert read[1] < BATCH_TOKENS + 16


def test_all_above_the_last_paragraph_is_read_once(llm, read):
    """The decision and the answer part there, wherever that falls among the batches."""
    for words in (3, 4, 5):
        above = f"{NOTES}{'really ' * words}\n\n"
        task = "What is white? Say it in one word."
        fresh = llm.probabilities(user(f"{above}Is snow white?"), ("yes", "no"))
        assert "".join(llm.stream(user(above + task), max_tokens=2))
        assert read[-1] < llm.count_tokens(task) + 16
        assert llm.probabilities(user(f"{above}Is snow white?"), ("yes", "no")) == fresh


def test_the_rules_are_read_once_for_all_questions(llm, read):
    rules = [{"role": "system", "content": "Answer from the notes only. " * 5}]
    prompts = [[*rules, *user(f"{start}{NOTES}\n\nIs snow white?")] for start in ("Six. ", "Seven. ", "Eight. ")]
    fresh, _, _ = (llm.probabilities(prompt, ("yes", "no")) for prompt in prompts)  # more than there are slots
    before = len(read)
    assert llm.probabilities(prompts[0], ("yes", "no")) == fresh
    assert sum(read[before:]) < llm.count_prompt(prompts[0]) - llm.count_tokens(rules[0]["content"])


def test_a_second_prompt_does_not_push_the_first_out(llm, read):
    first, second = (user(f"{start}{NOTES}Is snow white?") for start in ("One. ", "Two. "))
    fresh = llm.probabilities(first, ("yes", "no"))
    llm.probabilities(second, ("yes", "no"))
    assert llm.probabilities(first, ("yes", "no")) == fresh
    assert min(read[:2]) > 200
    assert read[2] < BATCH_TOKENS + 16


def test_a_prompt_that_was_half_read_when_it_was_stopped_is_read_on(llm, read):
    prompt = user(f"Three. {NOTES}Is snow white?")
    fresh = llm.probabilities(prompt, ("yes", "no"))
    for start in ("Four. ", "Five. "):  # both slots hold something else
        llm.probabilities(user(f"{start}{NOTES}"), ("yes", "no"))
    batches = 0
    call = llm._engine._call

    def stop_after_two(request, on_event):
        def see(event):
            nonlocal batches
            batches += "prompt_progress" in event
            return on_event(event) or batches > 2

        call(request, see)

    llm._engine._call = stop_after_two
    assert "".join(llm.stream(prompt, max_tokens=4)) == ""
    llm._engine._call = call
    assert llm.probabilities(prompt, ("yes", "no")) == fresh
    assert read[-1] == read[0] - 2 * BATCH_TOKENS


def test_the_name_tells_the_weights(llm):
    assert llm.name.startswith("llama.cpp smollm2-135m-instruct-q4_1 sha256:")


def test_a_file_that_was_cut_off_is_refused(smollm2_path, tmp_path, capfd):
    path = tmp_path / "cut.gguf"
    with smollm2_path.open("rb") as file:
        path.write_bytes(file.read(20_000_000))
    with pytest.raises(ModelError, match="cannot load") as caught:
        LlamaCpp(path, context_tokens=512, threads=1)
    assert "verify" in caught.value.hint
    assert capfd.readouterr() == ("", "")


def test_a_process_that_ends_while_it_answers_does_not_crash(smollm2_path):
    program = (
        "import sys; from pathlib import Path; from rag.llm.llama_cpp import LlamaCpp\n"
        "llm = LlamaCpp(Path(sys.argv[1]), context_tokens=2048, threads=2)\n"
        "pieces = llm.stream([{'role': 'user', 'content': 'Tell a long story.'}], max_tokens=1500)\n"
        "while not next(pieces): pass\n"
    )
    done = subprocess.run([sys.executable, "-c", program, smollm2_path], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
