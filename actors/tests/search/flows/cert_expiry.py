import socket
import ssl
from datetime import UTC, datetime

from hero_tracing import flow


@flow(retries=1)
def not_after(host: str, port: int) -> datetime:
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=8) as raw,
        context.wrap_socket(raw, server_hostname=host) as tls,
    ):
        certificate = tls.getpeercert()
    return datetime.strptime(certificate["notAfter"], "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC)


@flow
def main(hosts: list[str], warn_days: int = 21) -> dict[str, int]:
    """Days until the TLS certificates of some hosts run out; only those that need renewal soon are returned."""
    left = {host: (not_after(host, 443) - flow.now()).days for host in hosts}
    return {host: days for host, days in left.items() if days <= warn_days}
