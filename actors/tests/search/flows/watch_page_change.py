import hashlib
import re
from urllib.request import urlopen

from hero_tracing import flow


@flow
def visible(url: str) -> str:
    html = urlopen(url, timeout=15).read().decode(errors="replace")
    html = re.sub(r"(?s)<(script|style)[^>]*>.*?</\1>|<!--.*?-->", "", html)
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@flow
def main(url: str, last_digest: str = "") -> dict[str, str | bool]:
    """Notices when a web page says something new: compares the digest of its visible text with the last one."""
    digest = hashlib.sha256(visible(url).encode()).hexdigest()
    return {"changed": bool(last_digest) and digest != last_digest, "digest": digest}
