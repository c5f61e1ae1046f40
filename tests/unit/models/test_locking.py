import os
import threading
import time

import pytest

from rag.errors import ModelError
from rag.models.locking import exclusive


@pytest.mark.slow
def test_the_second_one_waits_and_is_told_for_whom(tmp_path):
    order, said = [], []
    inside, leave = threading.Event(), threading.Event()

    def first():
        with exclusive(tmp_path, said.append):
            inside.set()
            leave.wait(5)
            order.append("first")

    def second():
        with exclusive(tmp_path, said.append):
            order.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert inside.wait(5)
    threads[1].start()
    deadline = time.monotonic() + 5
    while not said and time.monotonic() < deadline:
        time.sleep(0.01)
    leave.set()
    for thread in threads:
        thread.join(5)
    assert order == ["first", "second"]
    assert len(said) == 1
    assert f"process {os.getpid()} on " in said[0]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="cannot be written") as caught, exclusive(tmp_path / "file" / "models", print):
        pass
    assert "RAG_MODELS_DIR" in caught.value.hint
