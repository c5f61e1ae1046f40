"""A model behind HTTP that says what a script says: OpenAI's chat completions on loopback, in this process."""

from __future__ import annotations

import json
import math
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class ScriptedServer:
    """A running server. A context manager.

    Args:
        reply: what the model writes, from the last message and the schema it is held to; an `OSError` makes the server fail.
        weights: probabilities by choice, where those are asked for.

    Attributes:
        url: for `llm = "openai:URL"`.
        asked: the last message of each request, in order.
    """

    def __init__(self, reply, *, weights=None):
        self.asked = []
        self._reply, self._weights = reply, weights or {"Yes": 0.9, "No": 0.1}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self._send(200, "application/json", json.dumps({"data": [{"id": "scripted"}]}))

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
                if self.path != "/v1/chat/completions":
                    self._send(404, "text/plain", "no such thing")
                    return
                try:
                    self._send(200, *outer._answer(body))
                except OSError as error:
                    self._send(500, "application/json", json.dumps({"error": {"message": str(error)}}))

            def _send(self, status, kind, text):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def _answer(self, body):
        said = body["messages"][-1]["content"]
        self.asked.append(said)
        if body.get("logprobs"):
            top = [{"token": name, "logprob": math.log(share)} for name, share in self._weights.items()]
            return "application/json", json.dumps({"choices": [{"logprobs": {"content": [{"top_logprobs": top}]}}]})
        text = self._reply(said, body.get("response_format", {}).get("json_schema", {}).get("schema"))
        event = {"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]}
        return "text/event-stream", f"data: {json.dumps(event)}\n\ndata: [DONE]\n\n"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
