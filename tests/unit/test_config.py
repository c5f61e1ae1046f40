from pathlib import Path

import pytest

from rag.config import Config, load_config
from rag.errors import ConfigError


def write(folder, text):
    file = folder / "rag.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_flags_win_over_environment_over_file(tmp_path):
    file = write(tmp_path, "top_k = 3\nport = 1111\ncandidates = 11\n")
    config = load_config(file, flags={"top_k": 5, "port": None}, environment={"RAG_TOP_K": "4", "RAG_PORT": "2222"})
    assert (config.top_k, config.port, config.candidates) == (5, 2222, 11)


def test_paths_of_the_file_start_at_the_file(tmp_path):
    assert load_config(write(tmp_path, 'corpus = "notes"'), environment={}).corpus == tmp_path / "notes"


def test_paths_of_the_environment_start_at_the_working_directory():
    assert load_config(Path("rag.toml"), environment={"RAG_CORPUS": "elsewhere"}).corpus == Path("elsewhere")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("topk = 3", "top_k"),
        ("top_k = 'many'", "top_k"),
        ("top_k = 0", "top_k"),
        ("port = 70000", "port"),
        ("llm = 'ftp:x'", "gguf:PATH"),
        ("top_k = ", "not valid TOML"),
        ("top_k = true", "top_k"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, says):
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, text), environment={})
    assert says in str(caught.value)
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_named_file_must_exist(tmp_path):
    with pytest.raises(ConfigError, match="no configuration file"):
        load_config(tmp_path / "none.toml", environment={})


def test_an_unknown_environment_setting_is_an_error():
    with pytest.raises(ConfigError, match="RAG_TOPK"):
        load_config(Path("rag.toml"), environment={"RAG_TOPK": "3"})


def test_the_commented_defaults_of_the_repository_are_the_defaults():
    """Uncommenting every line of rag.toml changes nothing."""
    lines = Path("rag.toml").read_text("utf-8").splitlines()
    settings = [line.removeprefix("# ") for line in lines if line.startswith("# ") and " = " in line and "_dir" not in line]
    import tomllib

    named = tomllib.loads("\n".join(settings))
    assert set(named) == set(Config.model_fields) - {"models_dir", "data_dir"}  # where they lie differs by system
    defaults = Config()
    for key, value in named.items():
        assert str(getattr(defaults, key)) == str(value), key
