from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from hero_tracing import flow


@flow
def is_crawling_permitted(url: str, user_agent: str = "*") -> bool:
    """Reads a site's robots.txt and tells whether a crawler may visit the address."""
    parts = urlsplit(url)
    parser = RobotFileParser(f"{parts.scheme}://{parts.netloc}/robots.txt")
    parser.read()
    return parser.can_fetch(user_agent, url)
