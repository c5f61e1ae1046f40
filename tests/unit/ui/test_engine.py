import asyncio
import threading
import time

import pytest

from rag.errors import LLMError, ModelError, PromptTooLongError
from rag.types import Answer, Draft, Retrieval
from rag.ui.engine import MOST_CHARS, Engine, Started, Stopped, Waiting
from tests.ui_fakes import PAGES, ScriptedModel, WordRetriever, scripted_assistant

SLOW = "How slow is attention over each token?"


class Running:
    """An engine for the length of a test."""

    def __init__(self, model=None, **more):
        self.model = model or ScriptedModel(pause_s=0.001)
        self.engine = Engine(scripted_assistant(self.model, **more), most_waiting=3)

    def __enter__(self):
        self.engine.start()
        return self.engine

    def __exit__(self, *_):
        assert self.engine.close(5)


async def gather(run):
    return [step async for step in run.steps()]


def test_a_question_is_answered_in_steps():
    async def main(engine):
        run = engine.ask("What is lora?")
        return run, await gather(run)

    with Running() as engine:
        run, steps = asyncio.run(main(engine))
    kinds = [type(step) for step in steps]
    assert kinds[0] is Waiting
    assert kinds.index(Started) < kinds.index(Retrieval) < kinds.index(Draft) < kinds.index(Answer) == len(kinds) - 1
    assert steps[-1].status == "answered"
    assert run.sources["guide/lora.md"] == PAGES["guide/lora.md"][1]


class Widening(WordRetriever):
    """Shows one passage and reads all of the notes."""

    def retrieve(self, *question, top_k, **more):
        return super().retrieve(*question, top_k=1, **more)

    def widen(self, kept, found, generation, **budget):
        read = super().retrieve("lora attention rank cost", generation, top_k=50, max_tokens=5000)
        return (*kept, *(one for one in read.passages if one.chunk.path != kept[0].chunk.path))


def test_pages_that_are_read_later_are_brought_too():
    async def main(engine):
        run = engine.ask("Which parts of lora are there?")
        seen = []
        async for step in run.steps():
            seen.append((step, dict(run.titles)))
        return run, seen

    with Running(retriever=Widening()) as engine:
        run, seen = asyncio.run(main(engine))
    (first, titles) = next(pair for pair in seen if isinstance(pair[0], Retrieval))
    assert titles.items() >= {one.chunk.path: one.chunk.title for one in first.passages}.items()
    answer, titles = seen[-1]
    assert len({one.chunk.path for one in answer.passages}) > len({one.chunk.path for one in first.passages})
    for one in answer.passages:
        assert run.sources[one.chunk.path] == PAGES[one.chunk.path][1]
        assert titles[one.chunk.path] == one.chunk.title


@pytest.mark.slow
def test_questions_are_answered_one_after_another_and_told_how_many_are_before_them():
    async def main(engine):
        runs = [engine.ask(SLOW), engine.ask("lora"), engine.ask("attention")]
        third = asyncio.create_task(gather(runs[2]))
        first, second = await asyncio.gather(gather(runs[0]), gather(runs[1]))
        return first, second, await third

    with Running() as engine:
        first, second, third = asyncio.run(main(engine))
    assert all(isinstance(steps[-1], Answer) for steps in (first, second, third))
    ahead = [step.ahead for step in third if isinstance(step, Waiting)]
    assert ahead == sorted(ahead, reverse=True)
    assert ahead[0] == 2
    assert ahead[-1] == 1
    assert any(isinstance(step, Started) for step in third)


def stopped_at(model, when):
    """What is seen of a question that is stopped at such a draft, of the next one, and the seconds that this one took."""

    async def main(engine):
        run = engine.ask(SLOW)
        seen = []
        async for step in run.steps():
            seen.append(step)
            if isinstance(step, Draft) and when(step):
                run.stop()
        asked = time.monotonic()
        after = await gather(engine.ask("lora"))
        return seen, after, time.monotonic() - asked

    with Running(model) as engine:
        return asyncio.run(main(engine))


@pytest.mark.slow
def test_stopping_tells_the_reader_at_once_and_frees_the_engine():
    model = ScriptedModel(pause_s=0.005)
    seen, after, waited = stopped_at(model, lambda draft: draft.text)
    assert isinstance(seen[-1], Stopped)
    assert isinstance(after[-1], Answer)
    assert model.stopped == 1
    assert waited < 3


def test_what_is_stopped_while_the_model_reads_is_never_written():
    model = ScriptedModel(pause_s=0.05)
    seen, after, _ = stopped_at(model, lambda draft: not draft.text)
    assert isinstance(seen[-1], Stopped)
    assert isinstance(after[-1], Answer)
    assert model.streams == 1, "the next question alone"


@pytest.mark.slow
def test_leaving_frees_the_engine():
    model = ScriptedModel(pause_s=0.005)

    async def main(engine):
        steps = engine.ask(SLOW).steps()
        async for step in steps:
            if isinstance(step, Draft) and step.text:
                break
        await steps.aclose()
        return await gather(engine.ask("lora"))

    with Running(model) as engine:
        assert isinstance(asyncio.run(main(engine))[-1], Answer)
    assert model.stopped == 1


@pytest.mark.slow
def test_a_question_that_was_given_up_in_line_is_never_asked():
    model = ScriptedModel(pause_s=0.002)

    async def main(engine):
        first, second = engine.ask(SLOW), engine.ask("lora")
        second.stop()
        return await gather(second), await gather(first)

    with Running(model) as engine:
        second, _ = asyncio.run(main(engine))
    assert isinstance(second[-1], Stopped)
    assert model.streams == 1


def test_an_error_reaches_who_asked_and_the_next_question_works():
    async def main(engine):
        with pytest.raises(LLMError, match="stumbled"):
            await gather(engine.ask("broken attention tokens"))
        return await gather(engine.ask("lora"))

    with Running() as engine:
        assert isinstance(asyncio.run(main(engine))[-1], Answer)


def test_too_many_and_too_long():
    async def main(engine):
        first = engine.ask(SLOW).steps()
        while not isinstance(await anext(first), Draft):
            pass
        for _ in range(3):
            engine.ask(SLOW)
        with pytest.raises(LLMError, match="3 questions are waiting"):
            engine.ask(SLOW)
        with pytest.raises(PromptTooLongError):
            engine.ask("x" * (MOST_CHARS + 1))

    with Running() as engine:
        asyncio.run(main(engine))


@pytest.mark.slow
def test_it_says_that_it_is_loading():
    async def main(engine):
        assert engine.state == "loading"
        run = engine.ask("lora")
        steps = await gather(run)
        await engine.loaded()
        return steps

    with Running(loading=lambda: time.sleep(0.3)) as engine:
        steps = asyncio.run(main(engine))
        assert engine.state == "ready"
    assert steps[0] == Waiting(0, loading=True)
    assert isinstance(steps[-1], Answer)


def test_a_model_that_cannot_be_loaded_is_said_and_tried_again():
    assistant = scripted_assistant()
    tries = []

    def load():
        tries.append(1)
        if len(tries) < 3:
            raise ModelError("There is no model file", hint="Run: python -m rag models fetch")
        return ScriptedModel(0)

    assistant._build_llm = load
    engine = Engine(assistant)
    engine.start()

    async def main():
        await engine.loaded()
        assert engine.state == "failed"
        assert "models fetch" in str(engine.failure)
        with pytest.raises(ModelError):
            await gather(engine.ask("lora"))
        return await gather(engine.ask("lora"))

    steps = asyncio.run(main())
    assert isinstance(steps[-1], Answer)
    assert engine.close(5)
    assert engine.state == "ready"


@pytest.mark.slow
def test_closing_gives_everything_up():
    engine = Engine(scripted_assistant(ScriptedModel(pause_s=0.02)))
    engine.start()

    async def main():
        run = engine.ask(SLOW)
        threading.Timer(0.3, engine.close).start()
        return await gather(run)

    assert isinstance(asyncio.run(main())[-1], Stopped)
    assert engine.close(5)


def test_an_engine_that_never_started_closes():
    assert Engine(scripted_assistant()).close()


@pytest.mark.slow
def test_another_model_answers_after_the_question_that_is_under_way():
    old, new = ScriptedModel(pause_s=0.003), ScriptedModel(pause_s=0.001)
    new.name = "another"

    async def main(engine):
        first = engine.ask("lora")
        steps = first.steps()
        while not isinstance(await anext(steps), Draft):
            pass
        engine.change_model(lambda: new)
        rest = [step async for step in steps]
        after = await gather(engine.ask("attention per token"))
        return rest, after

    with Running(old) as engine:
        rest, after = asyncio.run(main(engine))
        assert engine.assistant.llm is new
    assert isinstance(rest[-1], Answer)
    assert isinstance(after[-1], Answer)
    assert (old.streams, new.streams) == (1, 1)


def test_a_model_that_cannot_be_loaded_leaves_the_old_one():
    old = ScriptedModel(pause_s=0.001)
    went_back = []

    def fail():
        raise ModelError("There is no such file", hint="Fetch it.")

    async def main(engine):
        await engine.loaded()
        engine.change_model(fail, on_failure=lambda: went_back.append(1))
        while not went_back:
            await asyncio.sleep(0.01)
        return await gather(engine.ask("lora"))

    with Running(old) as engine:
        steps = asyncio.run(main(engine))
        assert engine.assistant.llm is old
    assert isinstance(steps[-1], Answer)
    assert old.streams == 1
