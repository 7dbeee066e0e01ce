import re
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin
from urllib.request import Request, urlopen

from hero_tracing import flow


@flow
def probe(link: str) -> int:
    try:
        return urlopen(Request(link, method="HEAD"), timeout=10).status
    except HTTPError as error:
        return error.code
    except URLError:
        return 0


@flow
def main(page: str, max_links: int = 200) -> list[str]:
    """Finds broken links on a web page."""
    html = urlopen(page, timeout=10).read().decode(errors="replace")
    links = {urljoin(page, href) for href in re.findall(r'href="([^"#]+)"', html)}
    targets = sorted(link for link in links if link.startswith("http"))[:max_links]
    statuses = flow.map(probe, targets, concurrency=8)
    return [link for link, status in zip(targets, statuses, strict=True) if status == 0 or status >= 400]
