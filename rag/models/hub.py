"""Weights from Hugging Face, for people who have the network and ask for it.

Knows huggingface_hub, which runs in a process of its own: the switches that keep this one offline are cleared there alone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from rag.errors import ModelError
from rag.models.catalogue import Model

_CLEARED = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
_SCRIPT = """
import sys
from huggingface_hub import hf_hub_download
try:
    hf_hub_download(sys.argv[1], sys.argv[2], revision=sys.argv[3], local_dir=sys.argv[4])
except Exception as error:
    print(f"{type(error).__name__}: {error}")
    sys.exit(1)
"""


def download(model: Model, files: Path, scratch: Path) -> bool:
    """Bring every file of a model from Hugging Face.

    Args:
        model: its files name repository, file and revision.
        files: the folder to bring them into; those that have their size are not fetched again.
        scratch: keeps parts for the next time.

    Returns:
        True: it never leaves a model to another origin.

    Raises:
        ModelError: a file has no Hugging Face address, or cannot be had.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _CLEARED}
    for file in model.files:
        if file.hf is None:
            raise ModelError(
                f"The catalogue knows no Hugging Face address of {model.name}", hint=f"Run: python -m rag models fetch {model.name}"
            )
        target = files / file.name
        if target.is_file() and target.stat().st_size == file.size:
            continue
        command = [sys.executable, "-c", _SCRIPT, file.hf.repository, file.hf.file, file.hf.revision, str(scratch)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
        if done.returncode:
            reason = (done.stdout.strip().splitlines() or ["huggingface_hub failed"])[0]
            raise ModelError(
                f"{file.hf.repository}/{file.hf.file} cannot be fetched: {reason}", hint="Check the network, then run it again."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(scratch / file.hf.file, target)
    return True
