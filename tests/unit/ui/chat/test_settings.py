import asyncio
import json

import pytest

from rag.answer.single import AskSettings
from rag.errors import IndexStateError
from rag.ui.actions import Actions
from rag.ui.chat.models import Models
from rag.ui.chat.settings import Settings, Wishes
from rag.ui.store import Database, Preferences
from tests.unit.ui.hostile import HOSTILE
from tests.unit.ui.inert import assert_inert

USUAL = AskSettings(8, 1024, 400, 0.35)


class Engine:
    changes = ()

    def change_model(self, build, on_failure):
        self.changes = (*self.changes, (build, on_failure))


class House:
    def __init__(self, facets=lambda: (["guide", "notes"], ["adapters"])):
        self.engine = Engine()
        self.models = Models(self.engine, ["small", "large"], "large", lambda name: f"built {name}")
        self.settings = Settings(Preferences(Database(None)), lambda: USUAL, self.models, facets)
        self.actions = Actions()
        self.settings.offer(self.actions)

    def act(self, name, visitor="ann", **arguments):
        status, reply = asyncio.run(self.actions.perform(name, visitor, json.dumps(arguments).encode()))
        assert status == 200
        return reply


def test_nothing_set_is_as_configured():
    house = House()
    assert house.settings.of("ann").settings == USUAL
    assert house.settings.of("ann").where == {}
    reply = house.act("settings")
    text = assert_inert(reply["parts"]["settings"])
    assert "Usually 1024." in text
    assert "guide" in text
    assert "adapters" in text
    assert reply["parts"]["filters"] == ""


def test_what_is_set_counts_for_this_visitor_alone():
    house = House()
    reply = house.act("settings-save", passages="3", budget="600", strictness="80", folder="guide", tag="adapters")
    assert "Only pages in guide and pages tagged adapters" in assert_inert(reply["parts"]["filters"])
    chosen = house.settings.of("ann")
    assert chosen.settings == AskSettings(3, 600, 400, 0.8)
    assert chosen.where == {"path": "guide", "tags": "adapters"}
    assert house.settings.of("bob").settings == USUAL
    house.act("settings-reset")
    assert house.settings.of("ann").where == {}


def test_asking_all_notes_again_leaves_the_rest_as_it_was_set():
    house = House()
    house.act("settings-save", passages="3", budget="600", strictness="80", folder="guide", tag="adapters")
    reply = house.act("filters-clear")
    assert reply["parts"]["filters"] == ""
    assert house.settings.of("ann").where == {}
    assert house.settings.of("ann").settings == AskSettings(3, 600, 400, 0.8)


def test_what_is_as_usual_follows_the_configuration():
    house = House()
    house.act("settings-save", passages="8", budget="1024", strictness="35", folder="", tag="")
    assert house.settings._wishes("ann") == Wishes()


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"passages": "0"}, Wishes(passages=1)),
        ({"passages": "999"}, Wishes(passages=20)),
        ({"budget": 1}, Wishes(budget=256)),
        ({"strictness": "101"}, Wishes(strictness=100)),
        ({"strictness": "0"}, Wishes(strictness=0)),
        ({"passages": "-3", "budget": "x", "strictness": None}, Wishes()),
        ({"folder": "/guide/", "tag": 7}, Wishes(folder="guide")),
        ({"folder": "x" * 999}, Wishes(folder="x" * 300)),
    ],
)
def test_values_are_brought_into_their_bounds(given, read):
    assert Wishes.read(given) == read


def test_no_strictness_at_all_may_be_chosen():
    assert Wishes(strictness=0).chosen(USUAL).settings.threshold == 0.0


def test_without_an_index_there_is_nothing_to_choose_from():
    def fail():
        raise IndexStateError("There is no index yet")

    assert "All folders" in assert_inert(House(fail).act("settings")["parts"]["settings"])


@pytest.mark.parametrize("text", HOSTILE)
def test_it_is_inert_whatever_folders_are_called(text):
    house = House(lambda: ([text], [text]))
    for html in house.act("settings-save", folder=text, tag=text)["parts"].values():
        assert_inert(html)


def test_changing_the_model():
    house = House()
    house.act("model", model="small")
    [(build, go_back)] = house.engine.changes
    assert build() == "built small"
    assert house.models.current == "small"
    go_back()
    assert house.models.current == "large"
    house.act("model", model="large")
    assert len(house.engine.changes) == 1, "it is the one already"
    assert "There is no model" in house.act("model", model="../../x")["problem"]
