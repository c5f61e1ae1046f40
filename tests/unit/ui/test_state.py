import time

from rag.errors import CorpusError, IndexStateError, ModelError
from rag.types import IngestReport
from rag.ui.engine import Engine
from rag.ui.knowledge.update import UpdateState
from rag.ui.state import State
from tests.ui_fakes import scripted_assistant
from tests.unit.ui.inert import assert_inert


class Library:
    problem = None
    manifest = "manifest"

    def current(self):
        if self.problem:
            raise self.problem
        return self.manifest


class Watch:
    report = None
    looks = 0

    @property
    def changes(self):
        return len(self.report.changed) + len(self.report.added) if self.report else 0

    def look(self):
        self.looks += 1


class Update:
    def __init__(self, state=None):
        self.state = state or UpdateState()

    @property
    def running(self):
        return self.state.phase == "running"


def state(engine=None, library=None, watch=None, update=None, expected=None):
    engine = engine or Engine(scripted_assistant())
    return State(engine, library or Library(), watch or Watch(), update or Update(), lambda: expected)


def ready():
    engine = Engine(scripted_assistant())
    engine._loading = False
    return engine


def line(**parts):
    return assert_inert(state(**parts).line())


def test_all_is_well():
    watch = Watch()
    one = state(engine=ready(), watch=watch)
    now = one.now()
    assert now["parts"] == {"state": ""}
    assert now["instance"] == one.instance
    assert watch.looks == 1
    assert now["wait_s"] > 1
    assert state().instance != one.instance


def test_loading_says_how_long_it_takes():
    engine = Engine(scripted_assistant())
    engine._began = time.monotonic() - 3
    assert "Loading the model" in line(engine=engine)
    text = line(engine=engine, expected=6.0)
    assert "3 s of about 6 s" in text
    html = state(engine=engine, expected=6.0).line()
    assert '<progress value="0.50' in html or '<progress value="0.51' in html
    assert '<progress value="0.950"' in state(engine=engine, expected=0.0).line(), "it is never said to be done before it is"
    assert state(engine=engine).now()["wait_s"] < 1


def test_a_model_that_failed_is_said():
    engine = ready()
    engine.failure = ModelError("There is no model file", hint="Fetch it.")
    assert line(engine=engine) == " There is no model file. Fetch it."


def test_no_index_yet():
    library = Library()
    library.manifest = None
    text = line(engine=ready(), library=library)
    assert "There is no index yet" in text
    assert "Read the notes now" in text


def test_the_last_ingest_failed():
    library = Library()
    library.manifest = None
    failed = Update(UpdateState("failed", problem=CorpusError("There is no corpus", hint="Make one.")))
    assert "There is no corpus. Make one." in line(engine=ready(), library=library, update=failed)


def test_an_index_that_does_not_fit():
    library = Library()
    library.problem = IndexStateError("The index was built with another embedder", hint="Run it.")
    assert "another embedder. Read all notes again" in line(engine=ready(), library=library)
    library.problem = ModelError("The embedder is not there", hint="Fetch it.")
    assert "Fetch it." in line(engine=ready(), library=library)


def test_an_ingest_under_way():
    running = Update(UpdateState("running", "Reading notes", 3, 12))
    one = state(engine=ready(), update=running)
    text = assert_inert(one.line())
    assert "Reading notes…" in text
    assert "3 of 12" in text
    assert "Stop" in text
    assert '<progress value="0.250" max="1"' in one.line()
    assert one.now()["wait_s"] < 1


def test_notes_that_changed():
    watch = Watch()
    watch.report = IngestReport(1, ("a",), ("b", "c"), (), 0, (), (), 3, 3, 0, 0, {})
    text = line(engine=ready(), watch=watch)
    assert "The notes have changed: 2 changed, 1 new." in text
    assert "Bring the index up to date" in text


def test_an_assistant_without_a_library():
    one = State(ready(), None, None, None)
    assert one.line() == ""
