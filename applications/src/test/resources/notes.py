"""A small web application: its page loads a script, which posts a note and lists all."""
import http.server
import json
import os

notes = []


class Notes(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, kind, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "own=1; Path=/")
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/app.js":
            self.answer("text/javascript", """
fetch('notes', {method: 'POST', body: 'hello'}).then(r => r.json()).then(seen => {
  document.querySelector('p').textContent = seen.notes.join() + ' ' + seen.cookie;
});""")
        else:
            self.answer("text/html", "<!doctype html><p></p><script src=app.js></script>")

    def do_POST(self):
        notes.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.answer("application/json", json.dumps(
            {"notes": notes, "cookie": self.headers.get("Cookie", "none")}))


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Notes).serve_forever()
