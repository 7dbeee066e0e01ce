import re
import subprocess
from collections import Counter

from hero_tracing import flow


@flow
def ban(address: str) -> None:
    subprocess.run(["nft", "add", "element", "inet", "filter", "blocked", f"{{ {address} }}"], check=True)


@flow
def main(auth_log: str = "/var/log/auth.log", failures: int = 10) -> list[str]:
    """Blocks addresses with too many failed logins."""
    with open(auth_log) as lines:
        attempts = Counter(
            m[1] for line in lines if (m := re.search(r"Failed password .* from (\S+) port", line))
        )
    offenders = [address for address, count in attempts.items() if count >= failures]
    for address in offenders:
        ban(address)
    return offenders
