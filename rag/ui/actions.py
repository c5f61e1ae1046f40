"""What buttons and fields of the page can do: named functions from a visitor and JSON to JSON.

The page's script (`notes.js`) posts `{...}` to `do/<name>` and puts the HTML of `parts` in its places. Knows names and errors;
knows nothing of what is done, and no vendor.
"""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from rag.errors import RagError
from rag.ui.markup import Html

Arguments = Mapping[str, Any]
Reply = dict[str, Any]
Action = Callable[[str, Arguments], Reply | Awaitable[Reply]]
"""From a visitor and arguments to what the page does next.

`parts` (place to HTML) is shown, `said` is read out, `focus` names the part that gets the keyboard, `poll` (`name`, `arguments`,
`after_s`) is called later, `problem` is an error in words; other keys are for the page's scripts.
"""

MOST_BYTES = 200_000

_LOG = logging.getLogger(__name__)


class Actions:
    """Actions by name."""

    def __init__(self) -> None:
        self._actions: dict[str, Action] = {}

    def add(self, name: str, action: Action) -> None:
        """Give an action its name."""
        self._actions[name] = action

    async def perform(self, name: str, visitor: str, body: bytes) -> tuple[int, Reply]:
        """Carry out an action of the page. Never raises.

        Args:
            name: of the action.
            visitor: who acts; empty where that is not known.
            body: the arguments as a JSON object.

        Returns:
            An HTTP status, and what the page does next: 404 for an unknown action, 400 for arguments that are none, 500 for a
            defect. An expected error is a 200 with the problem in words.
        """
        action = self._actions.get(name)
        if action is None:
            return 404, {"problem": "There is no such action."}
        try:
            arguments = json.loads(body or b"{}")
        except (ValueError, RecursionError):
            arguments = None
        if not isinstance(arguments, dict):
            return 400, {"problem": "The arguments are not a JSON object."}
        try:
            reply = action(visitor, arguments)
            return 200, await reply if inspect.isawaitable(reply) else reply
        except RagError as error:
            return 200, {"problem": str(error)}
        except Exception:  # noqa: BLE001 - logged, and the reader is told
            _LOG.exception("the action %s failed", name)
            return 500, {"problem": "Something in the program went wrong. Its log says what."}


def parts(**html: Html) -> Reply:
    """Return a reply that shows HTML: underscores in the names of places become hyphens."""
    return {"parts": {name.replace("_", "-"): shown for name, shown in html.items()}}


def text_of(arguments: Arguments, name: str) -> str:
    """Return an argument that should be text; empty where it is not."""
    value = arguments.get(name)
    return value if isinstance(value, str) else ""


def number_of(arguments: Arguments, name: str) -> int | None:
    """Return an argument that should be a whole number, as a number or in digits; None where it is not."""
    value = arguments.get(name)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    digits = value.strip() if isinstance(value, str) else ""
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None
