"""A model server with the API of OpenAI: streams an answer word by word."""
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/v1/models":
            model = {"id": "tiny", "object": "model", "created": 1, "owned_by": "tests"}
            self.answer(200, {"object": "list", "data": [model]})
        else:
            self.answer(200, {"status": "ok"})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        # What the instance sees of the caller's key.
        seen = self.headers.get("Authorization", "no-key")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for word in [asked["messages"][0]["content"], "with", seen]:
            delta = {"index": 0, "delta": {"content": word + " "}, "finish_reason": None}
            self.event(json.dumps({"id": "1", "object": "chat.completion.chunk", "created": 1,
                                   "model": "tiny", "choices": [delta]}))
            time.sleep(0.2)
        self.event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def event(self, data):
        piece = ("data: " + data + "\n\n").encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.flush()


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
