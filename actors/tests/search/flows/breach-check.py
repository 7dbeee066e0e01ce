import hashlib
import urllib.request

from hero_tracing import flow


@flow(retries=2)
def pwned_range(prefix: str) -> str:
    return urllib.request.urlopen(f"https://api.pwnedpasswords.com/range/{prefix}").read().decode()


@flow(secrets=["CANDIDATE"])
def main() -> int:
    """How often a password turns up in known leaks. Only five characters of its hash leave the machine."""
    digest = hashlib.sha1(flow.secret("CANDIDATE").encode()).hexdigest().upper()
    for line in pwned_range(digest[:5]).splitlines():
        suffix, count = line.split(":")
        if suffix == digest[5:]:
            return int(count)
    return 0
