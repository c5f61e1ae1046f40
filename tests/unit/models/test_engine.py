import os
import subprocess
import sys
import time
import zipfile

import pytest

from rag.errors import ModelError
from rag.models import engine, engine_build
from rag.models.engine_build import Trial, build_engine, check_tools, remove_engines

CPU = "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu avx2 {}\ncpu MHz\t\t: {}\n"
WHEEL_TRIAL = {"native": False, "yes": 0.91, "read_tokens_per_s": 80.0, "write_tokens_per_s": 30.0}
NATIVE_TRIAL = {"native": True, "yes": 0.92, "read_tokens_per_s": 140.0, "write_tokens_per_s": 31.0}


@pytest.fixture
def gguf(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    return path


@pytest.fixture
def build(tmp_path, gguf, monkeypatch):
    """Build with a compiler that is not there; returns the function, and what was said. `trials` are what comes out."""
    trials = {"wheel": dict(WHEEL_TRIAL), "native": dict(NATIVE_TRIAL)}
    said = []

    def compile_nothing(scratch, threads, say, progress):
        wheel = scratch / "engine.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("xllamacpp/__init__.py", "")
        return wheel

    monkeypatch.setattr(engine_build, "check_tools", lambda: None)
    monkeypatch.setattr(engine_build, "_compile", compile_nothing)
    monkeypatch.setattr(engine_build, "_try", lambda arguments: trials["native" if "engine" in arguments[1] else "wheel"])

    def run(**options):
        return build_engine(tmp_path / "models", gguf=gguf, threads=1, say=said.append, **options)

    return run, trials, said


def test_another_processor_needs_another_engine(tmp_path):
    info = tmp_path / "cpuinfo"
    info.write_text(CPU.format("avx512f", 2000))
    name = engine.processor(info)
    info.write_text(CPU.format("avx512f", 3100))  # the clock changes all the time
    assert engine.processor(info) == name
    info.write_text(CPU.format("", 2000))
    assert engine.processor(info) != name


def test_a_machine_that_tells_nothing_has_a_name(tmp_path):
    assert engine.processor(tmp_path / "none")


def test_an_engine_counts_when_its_record_is_there(tmp_path):
    folder = engine.engine_folder(tmp_path)
    (folder / "xllamacpp").mkdir(parents=True)
    assert engine.find_engine(tmp_path) is None
    (folder / "engine.json").write_text("{}")
    assert engine.find_engine(tmp_path) == folder


def test_an_engine_of_another_version_does_not_count(tmp_path, monkeypatch):
    folder = engine.engine_folder(tmp_path)
    folder.mkdir(parents=True)
    (folder / "engine.json").write_text("{}")
    monkeypatch.setattr(engine, "installed_version", lambda: "1.0")
    assert engine.find_engine(tmp_path) is None


def test_what_is_built_is_found_and_not_built_twice(build, tmp_path):
    run, _, said = build
    built = run()
    assert built.fresh
    assert built.native == Trial(0.92, 140.0, 31.0)
    assert engine.find_engine(tmp_path / "models") == built.folder
    assert (built.folder / "xllamacpp" / "__init__.py").is_file()
    assert not (built.folder.parent / ".building").exists()
    assert "140 tokens a second instead of 80" in "\n".join(built.lines())
    assert said == ["Trying it"]
    assert not run().fresh
    assert run(again=True).fresh


def test_an_engine_of_this_machine_for_another_version_goes(build, tmp_path):
    run, _, _ = build
    old = engine.engine_folder(tmp_path / "models").parent / f"1.0-{engine.processor()}"
    other = old.with_name("1.0-000000000000")
    for path in (old, other):
        path.mkdir(parents=True)
    run()
    assert not old.exists()
    assert other.exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"yes": 0.7}, "other answers"), ({"native": False}, "other answers"), ({"read_tokens_per_s": 79.0}, "no quicker")],
)
def test_an_engine_that_is_wrong_or_slow_is_not_kept(build, tmp_path, change, reason):
    run, trials, _ = build
    trials["native"].update(change)
    with pytest.raises(ModelError, match=reason) as caught:
        run()
    assert "works without" in caught.value.hint
    assert engine.find_engine(tmp_path / "models") is None
    assert [path.name for path in (tmp_path / "models" / "engine").iterdir()] == [".lock"]


def test_without_weights_it_has_to_load_at_least(build, tmp_path, monkeypatch):
    built = build_engine(tmp_path / "models", gguf=None, threads=1, say=lambda _: None)
    assert (built.native, built.installed) == (None, None)
    monkeypatch.setattr(engine_build, "PACKAGE", "no_such_library")
    with pytest.raises(ModelError, match="does not load"):
        build_engine(tmp_path / "models", gguf=None, threads=1, say=lambda _: None, again=True)


def test_removing_takes_every_engine(build, tmp_path):
    run, _, _ = build
    models = tmp_path / "models"
    assert not remove_engines(models, lambda _: None)
    run()
    assert remove_engines(models, lambda _: None)
    assert engine.find_engine(models) is None
    assert not remove_engines(models, lambda _: None)


def test_without_a_compiler_the_error_says_what_to_install(tmp_path):
    with pytest.raises(ModelError, match="compiler") as caught:
        check_tools({"PATH": str(tmp_path)})
    assert "build-essential" in caught.value.hint
    with pytest.raises(ModelError, match="compiler"):
        check_tools({"PATH": str(tmp_path), "CXX": "g++-99 -m64"})


def test_without_headers_the_error_says_what_to_install(tmp_path):
    compiler = tmp_path / "c++"
    compiler.write_text("")
    compiler.chmod(0o755)
    with pytest.raises(ModelError, match="headers") as caught:
        check_tools({"PATH": str(tmp_path)}, include=tmp_path)
    assert "python3-dev" in caught.value.hint
    (tmp_path / "Python.h").write_text("")
    check_tools({"PATH": str(tmp_path)}, include=tmp_path)


def test_a_build_that_fails_says_where_to_look(tmp_path, monkeypatch):
    program = "print('[1/2] Building a.o'); print('a.cpp:1: error: no such thing'); raise SystemExit(1)"
    monkeypatch.setattr(engine_build, "_pip", lambda *_: [sys.executable, "-c", program])
    monkeypatch.setattr(engine_build.shutil, "which", lambda name: name if name != "nice" else None)
    scratch = tmp_path / ".building"
    scratch.mkdir()
    steps = []
    with pytest.raises(ModelError, match="no such thing") as caught:
        engine_build._compile(scratch, 1, lambda _: None, lambda *step: steps.append(step))
    assert str(tmp_path / "build.log") in caught.value.hint
    assert steps == [("Building the engine", 1, 2)]


def test_a_trial_that_crashes_is_an_error(monkeypatch, gguf):
    crashed = subprocess.CompletedProcess([], -4, "", "Illegal instruction")
    monkeypatch.setattr(engine_build.subprocess, "run", lambda *_, **__: crashed)
    with pytest.raises(ModelError, match="Illegal instruction"):
        engine_build._try([str(gguf)])


@pytest.mark.slow
def test_stopping_a_build_stops_its_compilers(tmp_path):
    """Two processes deep, as the compilers of pip are."""
    program = f"import subprocess, sys; subprocess.run(['sh', '-c', 'echo go; sleep 1; echo late > {tmp_path}/late'])"

    def stop(_line):
        raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        engine_build._run([sys.executable, "-c", program], {"PATH": os.environ["PATH"]}, stop, None)
    assert time.monotonic() - start < 5
    time.sleep(1.5)
    assert not (tmp_path / "late").exists()
