"""Serves `hello` by HTTP and by HTTPS on loopback, under a certificate made just now. It is no flow: a test starts it.

It prints one JSON object: where it serves, and who vouches for it.
"""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import trustme


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:
        pass


authority = trustme.CA()
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
plain, secure = (ThreadingHTTPServer(("127.0.0.1", 0), Hello) for _ in range(2))
secure.socket = context.wrap_socket(secure.socket, server_side=True)
for server in (plain, secure):
    threading.Thread(target=server.serve_forever).start()
urls = {"http": f"http://127.0.0.1:{plain.server_port}", "https": f"https://127.0.0.1:{secure.server_port}"}
print(json.dumps({**urls, "authority": authority.cert_pem.bytes().decode()}), flush=True)
