"""A stand-in for the AWS services that a CodeArtifact token needs, on loopback: http for endpoints that a test names
itself, TLS for the real host names. It verifies every signature with botocore and writes down what it saw.

    python stand_in.py WORLD.json RECORD.jsonl [CERTIFICATE KEY] < the pipe whose end ends it"""
import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import codeartifact
import index
import places
import sts
from exchange import Answer, Request, as_json, faulty, http_date
from world import World


def dispatch(world, request):
    """The answer (None: none at all), and what to record."""
    host, path = request.host, request.path
    if path == "/_control" and host.startswith("127.0.0.1:"):
        return control(world, json.loads(request.body)), None
    if index.mine(host):
        return index.answer(world, request)
    if path == codeartifact.PATH and request.method == "POST":
        return codeartifact.answer(world, request)
    if path == "/":
        return sts.answer(world, request)
    for below, api, place in places.of(world):
        if path.startswith(below):
            if fault := world.fault(api):
                return faulty(fault, request), {"api": api, "fault": fault.get("kind"), "path": path}
            return place(world, request)
    return Answer(404), {"api": "?", "host": host, "method": request.method, "path": path}


def control(world, wanted):
    """What a test tells it: how far its clock is ahead (seconds), the faults to answer with, another world."""
    world.ahead = wanted.get("ahead", world.ahead)
    world.faults = wanted.get("faults", world.faults)
    for name, value in wanted.get("world", {}).items():
        world.given[name] = value
    return as_json(200, {})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    world: World

    def handle_any(self):
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if "chunked" not in self.headers.get("transfer-encoding", "") else self.chunks()
        names = {name.lower() for name in self.headers}
        headers = {name: ", ".join(self.headers.get_all(name)) for name in names}
        request = Request(self.command, self.path, headers, body)
        try:
            answer, seen = dispatch(self.world, request)
        except Exception as error:  # A test has to see what the stand-in cannot read.
            answer, seen = Answer(500, repr(error).encode()), {"api": "defect", "path": self.path, "why": repr(error)}
        if seen is not None:
            self.world.record(**seen, status=None if answer is None else answer.status)
        self.close_connection = answer is None or headers.get("connection", "").lower() == "close"
        if answer is not None:
            self.reply(answer)

    def reply(self, answer):
        # send_response would add the date of the machine; the clock of the stand-in may be another.
        self.send_response_only(answer.status)
        headers = {"Date": http_date(self.world.now()), "Content-Length": str(len(answer.body)), **answer.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body if self.command != "HEAD" else b"")

    def chunks(self):
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    do_GET = do_POST = do_PUT = do_HEAD = handle_any

    def log_message(self, format, *args):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass  # Clients that go away, or do not trust the certificate.


def serve(world, context=None):
    handler = type("Bound", (Handler,), {"world": world})
    server = Server(("127.0.0.1", 0), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def main(world_file, record, *pair):
    with open(world_file, encoding="utf-8") as file:
        world = World(json.load(file), record)
    open(record, "a", encoding="utf-8").close()
    ports = {"http": serve(world)}
    if pair:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*pair)
        ports["tls"] = serve(world, context)
    print(json.dumps(ports), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
