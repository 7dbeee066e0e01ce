from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from hero_tracing import flow


@flow
def main(url: str, campaign: str, channels: list[str]) -> dict[str, str]:
    """Tags a landing page's address for every channel, so that analytics can tell where visitors came from."""
    parts, tagged = urlsplit(url), {}
    for channel in channels:
        source, _, medium = channel.partition("/")
        query = dict(parse_qsl(parts.query))
        query |= {"utm_source": source, "utm_medium": medium or "social", "utm_campaign": campaign}
        tagged[channel] = urlunsplit(parts._replace(query=urlencode(query)))
    return tagged
