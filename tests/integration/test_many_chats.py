"""Twenty conversations at once, and many one after another: none lost, none mixed, none stuck, memory flat."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import httpx
import pytest
from gradio_client import Client

from tests.ui_process import ChatProcess

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:gradio_client", "ignore::DeprecationWarning:websockets")

QUESTIONS = {
    "What is lora?": "guide/lora.md",
    "How does attention scale over tokens?": "guide/attention.md",
    "What does temperature do?": "notes/Sampling cheat sheet.md",
}
MANY = 500 if int(os.environ.get("RAG_SOAK", "1")) > 1 else 40


def resident_bytes(process):
    fields = Path(f"/proc/{process.pid}/statm").read_text("utf-8").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def test_twenty_conversations_at_once(record_property):
    answers = {}
    start = time.perf_counter()
    with ChatProcess("--pause-s", 0.001) as running:

        def talk(number):
            question, _ = list(QUESTIONS.items())[number % 3]
            client = Client(running.url, verbose=False, analytics_enabled=False)
            answers[number] = [client.predict(question, [], api_name="/ask") for _ in range(2)]
            client.close()

        threads = [threading.Thread(target=talk, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    record_property("seconds_for_40_answers", round(time.perf_counter() - start, 1))
    assert sorted(answers) == list(range(20))
    for number, both in answers.items():
        page = list(QUESTIONS.values())[number % 3]
        for answer in both:
            assert {citation["path"] for citation in answer["citations"]} == {page}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_memory_stays_flat(record_property):
    with ChatProcess("--pause-s", 0.0) as running, httpx.Client(base_url=running.url, timeout=30) as client:

        def ask(number):
            question = list(QUESTIONS)[number % 3]
            body = {"model": "rag-notes", "messages": [{"role": "user", "content": f"{question} {number}"}]}
            response = client.post("/v1/chat/completions", json=body)
            assert response.status_code == 200, response.text

        for number in range(MANY // 4):
            ask(number)
        before = resident_bytes(running.process)
        for number in range(MANY):
            ask(number)
        grown = resident_bytes(running.process) - before
    record_property(f"megabytes_more_after_{MANY}_questions", round(grown / 1e6, 1))
    assert grown < 20 * 1024 * 1024, f"{grown / 1e6:.1f} MB more after {MANY} questions"
