import gzip
import xml.etree.ElementTree as ElementTree
from urllib.request import urlopen

from hero_tracing import flow

NS = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@flow(retries=2)
def load(address: str) -> bytes:
    raw = urlopen(address, timeout=20).read()
    return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw


@flow
def main(sitemap: str, limit: int = 10_000) -> list[str]:
    """All page addresses of a site, read from its sitemap, nested sitemaps included."""
    todo, pages = [sitemap], []
    while todo and len(pages) < limit:
        root = ElementTree.fromstring(load(todo.pop()))
        locations = [node.text.strip() for node in root.iter(f"{NS}loc") if node.text]
        if root.tag == f"{NS}sitemapindex":
            todo += locations
        else:
            pages += locations
    return pages[:limit]
