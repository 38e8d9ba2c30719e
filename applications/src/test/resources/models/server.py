"""A stand-in for a server of models: a bit of OpenAI's, Anthropic's and Ollama's interfaces."""
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = sys.argv[2]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, document, kind="application/json"):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, kind, pieces):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
            time.sleep(0.05)
        self.wfile.write(b"0\r\n\r\n")

    def do_GET(self):
        self.answer({"status": "ok"})

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        whole = b""
        while True:
            size = int(self.rfile.readline(), 16)
            whole += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return whole

    def do_POST(self):
        body = self.body()
        if "multipart" in self.headers.get("Content-Type", ""):
            self.answer({"text": "%s heard %d MB" % (NAME, len(body) // 1_000_000)})
            return
        asked = json.loads(body)
        words = ["%s" % NAME, " says", " " + asked["model"]]
        if asked.get("stop") == "never":
            words = ["%s" % NAME] * 1000
        getattr(self, self.path.replace("/", "_").replace(".", "_"))(asked, words)

    def _v1_chat_completions(self, asked, words):
        if not asked.get("stream"):
            message = {"role": "assistant", "content": "".join(words)}
            self.answer({"id": "1", "object": "chat.completion", "created": 1, "model": asked["model"],
                         "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
            return
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": asked["model"]}
        pieces = [self.data(dict(chunk, choices=[{"index": 0, "delta": {"content": word},
                                                  "finish_reason": None}])) for word in words]
        self.stream("text/event-stream", pieces + [b"data: [DONE]\n\n"])

    @staticmethod
    def data(document, event=None):
        line = "" if event is None else "event: %s\n" % event
        return (line + "data: " + json.dumps(document) + "\n\n").encode()

    def _v1_embeddings(self, asked, words):
        self.answer({"object": "list", "model": asked["model"], "usage": {"prompt_tokens": 1, "total_tokens": 1},
                     "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 0.25]}]})

    def _v1_audio_speech(self, asked, words):
        self.answer(b"RIFF" + NAME.encode(), "audio/wav")

    def _v1_messages(self, asked, words):
        message = {"id": "m", "type": "message", "role": "assistant", "model": asked["model"], "content": [],
                   "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
        if not asked.get("stream"):
            self.answer(dict(message, content=[{"type": "text", "text": "".join(words)}], stop_reason="end_turn"))
            return
        events = [{"type": "message_start", "message": message},
                  {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}]
        events += [{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
                   for word in words]
        events += [{"type": "content_block_stop", "index": 0},
                   {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                    "usage": {"output_tokens": 3}},
                   {"type": "message_stop"}]
        self.stream("text/event-stream", [self.data(event, event["type"]) for event in events])

    def _api_chat(self, asked, words):
        if not asked.get("stream"):
            self.answer({"model": asked["model"], "created_at": "2026-01-01T00:00:00Z", "done": True,
                         "message": {"role": "assistant", "content": "".join(words)}})
            return
        self.stream("application/x-ndjson",
                    [(json.dumps({"model": asked["model"], "created_at": "2026-01-01T00:00:00Z",
                                  "message": {"role": "assistant", "content": word},
                                  "done": word is words[-1]}) + "\n").encode() for word in words])

    def _api_generate(self, asked, words):
        self.answer({"model": asked["model"], "response": "".join(words), "done": True})

    def _api_embed(self, asked, words):
        self.answer({"model": asked["model"], "embeddings": [[0.5, 0.25]]})


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
