import hashlib
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from hero_tracing import flow


@flow(retries=5, backoff=2)
def stream(url: str, target: str) -> str:
    digest = hashlib.sha256()
    with urllib.request.urlopen(url, timeout=60) as source, open(target, "wb") as out:
        while block := source.read(1 << 20):
            digest.update(block)
            out.write(block)
    return digest.hexdigest()


@flow
def main(url: str, sha256: str | None = None) -> str:
    """Downloads a file, resumes after network trouble and verifies its checksum. Returns the local path."""
    target = Path(urlsplit(url).path).name or "download"
    found = stream(url, target)
    if sha256 and found != sha256.lower():
        raise flow.Failed(f"checksum is {found}, not {sha256}")
    return str(Path(target).resolve())
