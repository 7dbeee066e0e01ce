import re
import urllib.request

from hero_tracing import flow


@flow(retries=3, backoff=1.0)
def download(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as response:
        return response.read().decode("utf-8", "replace")


@flow
def main(url: str, words: int = 80) -> str:
    """Loads a web page and gives a short summary of what it says."""
    from anthropic import Anthropic

    html = re.sub(r"(?s)<(script|style).*?</\1>", " ", download(url))
    text = re.sub(r"<[^>]+>", " ", html)[:40_000]
    message = Anthropic().messages.create(
        model="claude-3-5-haiku-latest",
        max_tokens=400,
        messages=[{"role": "user", "content": f"Summary in about {words} words:\n{text}"}],
    )
    return message.content[0].text
