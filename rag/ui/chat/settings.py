"""What a reader can set: how many passages, their budget, strictness, where to look.

Values in, `Chosen` out, with bounds. Knows the store and the HTML of the fields; knows no vendor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from rag.answer.single import AskSettings
from rag.errors import RagError
from rag.ui.actions import Actions, Arguments, Reply, number_of, text_of
from rag.ui.chat.asking import Chosen
from rag.ui.chat.models import Models
from rag.ui.markup import Html, button, element, join
from rag.ui.store import Preferences

PASSAGES = (1, 20)
BUDGET = (256, 8192)  # tokens
LONGEST_FILTER_CHARS = 300


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a visitor has set; None and empty for what is not set.

    Attributes:
        passages: most passages.
        budget: of the passages, in tokens.
        strictness: percent of certainty below which the answer is that the notes don't say, 0 to 100.
        folder: only pages below it.
        tag: only pages with it.
    """

    passages: int | None = None
    budget: int | None = None
    strictness: int | None = None
    folder: str = ""
    tag: str = ""

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Wishes:
        """Return what some values ask for; what is out of bounds is brought into them, and what is no number is left out."""
        return cls(
            passages=_bounded(number_of(values, "passages"), PASSAGES),
            budget=_bounded(number_of(values, "budget"), BUDGET),
            strictness=_bounded(number_of(values, "strictness"), (0, 100)),
            folder=text_of(values, "folder").strip("/ ")[:LONGEST_FILTER_CHARS],
            tag=text_of(values, "tag").strip()[:LONGEST_FILTER_CHARS],
        )

    def chosen(self, usual: AskSettings) -> Chosen:
        """Return the settings of a question, `usual` where nothing is set."""
        settings = replace(
            usual,
            top_k=self.passages or usual.top_k,
            max_tokens=self.budget or usual.max_tokens,
            threshold=usual.threshold if self.strictness is None else self.strictness / 100,
        )
        where = {"path": self.folder, "tags": self.tag}
        return Chosen(settings, {key: value for key, value in where.items() if value})

    @property
    def filters(self) -> str:
        """The filters in words; empty without one."""
        parts = [f"pages in {self.folder}" if self.folder else "", f"pages tagged {self.tag}" if self.tag else ""]
        return " and ".join(part for part in parts if part)


def _bounded(value: int | None, bounds: tuple[int, int]) -> int | None:
    return None if value is None else min(max(value, bounds[0]), bounds[1])


class Settings:
    """What visitors have set, as actions of the page.

    Args:
        preferences: where it is kept.
        usual: settings where nothing is set.
        models: that can answer; None where that is not to be chosen.
        facets: folders and tags to choose from.
    """

    def __init__(
        self,
        preferences: Preferences,
        usual: Callable[[], AskSettings],
        models: Models | None,
        facets: Callable[[], tuple[Sequence[str], Sequence[str]]],
    ) -> None:
        self._preferences = preferences
        self._usual = usual
        self._models = models
        self._facets = facets

    def offer(self, actions: Actions) -> None:
        """Add the actions."""
        actions.add("settings", self._shown)
        actions.add("settings-save", self._save)
        actions.add("settings-reset", self._reset)
        actions.add("filters-clear", self._clear)
        if self._models is not None:
            actions.add("model", self._model)

    def of(self, visitor: str) -> Chosen:
        """Return what a visitor's questions are asked with."""
        return self._wishes(visitor).chosen(self._usual())

    def _wishes(self, visitor: str) -> Wishes:
        return Wishes.read(self._preferences.chosen(visitor))

    def _shown(self, visitor: str, _: Arguments) -> Reply:
        wishes = self._wishes(visitor)
        try:
            folders, tags = self._facets()
        except RagError:  # without an index there is nothing to choose from
            folders, tags = (), ()
        fields = _fields(wishes, self._usual(), folders, tags)
        model = _model_field(self._models) if self._models is not None else ""
        return {"parts": {"settings": join(model, fields), "filters": _filters(wishes)}}

    def _save(self, visitor: str, arguments: Arguments) -> Reply:
        wishes = Wishes.read(arguments)
        usual = self._usual()
        # What is as usual is not kept: it follows the configuration.
        wishes = replace(
            wishes,
            passages=None if wishes.passages == usual.top_k else wishes.passages,
            budget=None if wishes.budget == usual.max_tokens else wishes.budget,
            strictness=None if wishes.strictness == round(usual.threshold * 100) else wishes.strictness,
        )
        self._preferences.choose(visitor, asdict(wishes))
        return self._shown(visitor, {}) | {"said": "Saved; it counts from the next question on."}

    def _reset(self, visitor: str, _: Arguments) -> Reply:
        self._preferences.choose(visitor, {})
        return self._shown(visitor, {}) | {"said": "Everything is as configured."}

    def _clear(self, visitor: str, _: Arguments) -> Reply:
        """Ask all notes again; everything else stays as it was set."""
        self._preferences.choose(visitor, asdict(replace(self._wishes(visitor), folder="", tag="")))
        return self._shown(visitor, {}) | {"said": "All notes are asked again."}

    def _model(self, visitor: str, arguments: Arguments) -> Reply:
        if self._models is None:
            return {}
        self._models.choose(text_of(arguments, "model"))
        return self._shown(visitor, {}) | {"look": True, "said": "The model is being changed."}


def _fields(wishes: Wishes, usual: AskSettings, folders: Sequence[str], tags: Sequence[str]) -> Html:
    strictness = round(usual.threshold * 100) if wishes.strictness is None else wishes.strictness
    return element(
        "div",
        _number("Most passages", "passages", wishes.passages or usual.top_k, PASSAGES, f"Usually {usual.top_k}."),
        _number(
            "Budget in tokens",
            "budget",
            wishes.budget or usual.max_tokens,
            BUDGET,
            f"Usually {usual.max_tokens}. More evidence, later answers.",
        ),
        _number(
            "Strictness in percent",
            "strictness",
            strictness,
            (0, 100),
            f"Usually {round(usual.threshold * 100)}. The surer it has to be that the notes hold the answer.",
        ),
        _choice("Folder", "folder", wishes.folder, folders, "All folders"),
        _choice("Tag", "tag", wishes.tag, tags, "All tags"),
        element(
            "div",
            button("Save", "settings-save", {}, class_="primary", data_enter=True),
            button("As configured", "settings-reset", {}),
            class_="row",
        ),
        class_="fields",
        data_fields=True,
    )


def _number(label: str, name: str, value: int, bounds: tuple[int, int], note: str) -> Html:
    low, high = bounds
    field = element("input", type="number", name_=name, value=value, min=low, max=high, inputmode="numeric")
    return element("label", label, field, element("small", note))


def _choice(label: str, name: str, value: str, options: Sequence[str], every: str) -> Html:
    known = [*options, *([value] if value and value not in options else [])]
    items = [element("option", each, value=each, selected=each == value) for each in known]
    return element("label", label, element("select", element("option", every, value=""), *items, name_=name))


def _model_field(models: Models) -> Html:
    items = [element("option", name, value=name, selected=name == models.current) for name in models.names]
    return element(
        "div",
        element(
            "label", "Model", element("select", *items, name_="model"), element("small", "For everybody, until the program ends.")
        ),
        button("Use it", "model", {}),
        class_="fields with-button",
        data_fields=True,
    )


def _filters(wishes: Wishes) -> Html:
    """Say that answers come from a part of the notes only: it would be a riddle otherwise."""
    if not wishes.filters:
        return Html("")
    return join(element("span", f"Only {wishes.filters}"), " ", button("All notes", "filters-clear", {}))
