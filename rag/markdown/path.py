"""Where on a page we are: headings and the titles of containers, outermost first.

A heading inside a container ends with it; a container never ends a heading around it.
"""

from __future__ import annotations

from dataclasses import dataclass

_END = 12


@dataclass(slots=True, eq=False)
class Frame:
    """One step of the path.

    Attributes:
        text: what the step is called; an empty one only marks a border.
        level: of a heading, 1 to 6; 0 for a container.
        kind: of a container, such as `quote`; empty if it says nothing.
        info: its type.
    """

    text: str
    level: int = 0
    kind: str = ""
    info: str = ""


class Path:
    """The stack of frames."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []

    def heading(self, level: int) -> None:
        """A heading begins: those of its level and below end, up to the nearest container."""
        while self._frames and self._frames[-1].level >= level:
            self._frames.pop()

    def push(self, frame: Frame) -> Frame:
        """Go one step in."""
        self._frames.append(frame)
        return frame

    def leave(self, frame: Frame) -> None:
        """A container ends, and what is still open in it; nothing happens if it has ended already."""
        for index in range(len(self._frames) - 1, -1, -1):
            if self._frames[index] is frame:
                del self._frames[index:]
                return

    @property
    def names(self) -> tuple[str, ...]:
        """The heading path; of one that is absurdly long, both ends."""
        names = tuple(frame.text for frame in self._frames if frame.text)
        return names if len(names) <= 2 * _END else names[:_END] + names[-_END:]

    @property
    def containers(self) -> tuple[str, ...]:
        """Kinds of the containers, outermost first."""
        return tuple(frame.kind for frame in self._frames if frame.kind)[-2 * _END :]

    @property
    def inner(self) -> Frame | None:
        """The innermost container that says something."""
        return next((frame for frame in reversed(self._frames) if frame.kind), None)
