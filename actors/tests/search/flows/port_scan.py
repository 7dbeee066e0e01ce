import asyncio

from hero_tracing import flow

RISKY = {
    21: "ftp",
    23: "telnet",
    445: "smb",
    3389: "rdp",
    5432: "postgres",
    6379: "redis",
    9200: "elasticsearch",
}


async def is_open(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 2)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


@flow
async def main(hosts: list[str], allowed: list[int] = [80, 443]) -> dict[str, list[str]]:
    """Ports of our own machines that are open to the internet and should not be."""
    exposed = {}
    for host in hosts:
        ports = [port for port in RISKY if port not in allowed]
        results = await asyncio.gather(*(is_open(host, port) for port in ports))
        exposed[host] = [f"{port}/{RISKY[port]}" for port, hit in zip(ports, results, strict=True) if hit]
    return exposed
