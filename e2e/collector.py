"""A collector of OpenTelemetry: takes spans by OTLP over HTTP, parses them by the official schema, tells them.

Writes its address to the first argument, and each span that it takes as a line of JSON to the second, with ids in
hexadecimal digits and times in nanoseconds. The statuses behind them are what it answers to the first requests, whose
spans it does not keep.
"""

import base64
import gzip
import http.server
import json
import pathlib
import sys
from typing import Any

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

address, spans, *refusals = sys.argv[1:]


def parse(body: bytes, content_type: str) -> trace_service_pb2.ExportTraceServiceRequest:
    """A request, in either encoding. In JSON, ids are hexadecimal digits and not base 64 as protobuf has them."""
    if content_type == "application/x-protobuf":
        return trace_service_pb2.ExportTraceServiceRequest.FromString(body)
    assert content_type == "application/json", content_type
    document = json.loads(body)
    for resource in document["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for name in ("traceId", "spanId", "parentSpanId"):
                    span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
    return json_format.ParseDict(document, trace_service_pb2.ExportTraceServiceRequest())


def plain(value: common_pb2.AnyValue) -> Any:
    """The value of an attribute."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(one) for one in value.array_value.values]
    return getattr(value, kind) if kind else None


def attributes(pairs: Any) -> dict[str, Any]:
    """Attributes, each of which there must be once."""
    told = {pair.key: plain(pair.value) for pair in pairs}
    assert len(told) == len(pairs), pairs
    return told


class Collector(http.server.BaseHTTPRequestHandler):
    """Takes spans."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Takes the spans of a request."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        if refusals:
            self.answer(int(refusals.pop(0)), b"")
            return
        content_type = self.headers["Content-Type"]
        request = parse(body, content_type)
        with pathlib.Path(spans).open("a") as file:
            for resource in request.resource_spans:
                about = attributes(resource.resource.attributes)
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        told = self.tell(span) | {"resource": about, "scope": scope.scope.name}
                        file.write(json.dumps(told) + "\n")
        answer = trace_service_pb2.ExportTraceServiceResponse()
        self.answer(200, b"{}" if content_type == "application/json" else answer.SerializeToString())

    def tell(self, span: trace_pb2.Span) -> dict[str, Any]:
        """A span as JSON."""
        return {
            "trace_id": span.trace_id.hex(),
            "span_id": span.span_id.hex(),
            "parent_span_id": span.parent_span_id.hex(),
            "name": span.name,
            "kind": trace_pb2.Span.SpanKind.Name(span.kind),
            "start": span.start_time_unix_nano,
            "end": span.end_time_unix_nano,
            "status": trace_pb2.Status.StatusCode.Name(span.status.code),
            "message": span.status.message,
            "attributes": attributes(span.attributes),
            "events": [
                {"name": event.name, "at": event.time_unix_nano, "attributes": attributes(event.attributes)}
                for event in span.events
            ],
            "dropped_events": span.dropped_events_count,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
        }

    def answer(self, status: int, body: bytes) -> None:
        """Answers a request."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
    pathlib.Path(spans).touch()
    ready = pathlib.Path(address + ".new")
    ready.write_text(f"http://127.0.0.1:{server.server_port}")
    ready.rename(address)
    server.serve_forever()
