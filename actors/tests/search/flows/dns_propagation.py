import subprocess

from hero_tracing import flow

RESOLVERS = {"Google": "8.8.8.8", "Cloudflare": "1.1.1.1", "Quad9": "9.9.9.9", "OpenDNS": "208.67.222.222"}


@flow
def ask_resolver(domain: str, record: str, server: str) -> str:
    dig = ["dig", "+short", "+time=3", f"@{server}", domain, record]
    return subprocess.run(dig, capture_output=True, text=True).stdout.strip()


@flow
def main(domain: str, expected: str, record: str = "A") -> dict[str, bool]:
    """Asks public resolvers whether a changed DNS record has arrived everywhere."""
    return {name: expected in ask_resolver(domain, record, server) for name, server in RESOLVERS.items()}
