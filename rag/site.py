"""What `mkdocs.yml` says about snippets. Knows the file's shape; knows no corpus."""

from __future__ import annotations

from dataclasses import dataclass

SETTINGS_FILES = ("mkdocs.yml", "mkdocs.yaml")


@dataclass(frozen=True, slots=True)
class SnippetSettings:
    """Where included files are, and which are shown by every page.

    Attributes:
        bases: folders to look in, relative to the settings.
        appended: files at the end of every page, such as a glossary.
    """

    bases: tuple[str, ...] = (".",)
    appended: tuple[str, ...] = ()


def read_settings(text: str) -> SnippetSettings:
    """Return what the text of a `mkdocs.yml` says; the defaults where it says nothing or cannot be read."""
    if "snippets" not in text or not ("base_path" in text or "auto_append" in text):
        return SnippetSettings()
    import yaml

    class Loader(yaml.SafeLoader):
        """YAML whose tags are of no interest: they name objects of Python."""

    Loader.add_multi_constructor("", lambda loader, suffix, node: None)
    try:
        loaded = yaml.load(text, Loader)  # noqa: S506 - a safe loader that builds nothing for a tag
    except (yaml.YAMLError, ValueError, RecursionError):
        return SnippetSettings()
    extensions = loaded.get("markdown_extensions") if isinstance(loaded, dict) else None
    entries = extensions if isinstance(extensions, list) else [extensions]
    for entry in entries:
        options = entry.get("pymdownx.snippets") if isinstance(entry, dict) else None
        if isinstance(options, dict):
            return SnippetSettings(_texts(options.get("base_path")) or (".",), _texts(options.get("auto_append")))
    return SnippetSettings()


def _texts(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(each for each in values if isinstance(each, str))
