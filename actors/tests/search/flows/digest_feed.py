import urllib.request
import xml.etree.ElementTree as ElementTree
from datetime import timedelta
from email.utils import parsedate_to_datetime

from hero_tracing import flow


@flow(retries=2)
def entries(feed: str) -> list[dict[str, str]]:
    root = ElementTree.fromstring(urllib.request.urlopen(feed, timeout=15).read())
    return [
        {tag: item.findtext(tag, "") for tag in ("title", "link", "pubDate")} for item in root.iter("item")
    ]


@flow
def main(feeds: list[str], hours: int = 24) -> str:
    """Morning briefing: what appeared in your RSS feeds since yesterday, boiled down to one page."""
    since = flow.now() - timedelta(hours=hours)
    fresh = []
    for feed in feeds:
        fresh += [e for e in entries(feed) if parsedate_to_datetime(e["pubDate"]) > since]
    headlines = "\n".join(f"- {entry['title']} ({entry['link']})" for entry in fresh)
    return flow.invoke(
        "complete", prompt=f"Group these headlines by theme, one line each, keep links:\n{headlines}"
    )
