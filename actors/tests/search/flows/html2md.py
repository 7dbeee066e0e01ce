import html
import re

from hero_tracing import flow


@flow
def main(source: str) -> str:
    """Markdown from HTML, good enough for wiki pages."""
    text = re.sub(r"(?is)<(script|style).*?</\1>", "", source)
    for level in range(1, 7):
        text = re.sub(rf"(?is)<h{level}[^>]*>(.*?)</h{level}>", rf"\n{'#' * level} \1\n", text)
    text = re.sub(r"(?is)<a [^>]*href=\"([^\"]+)\"[^>]*>(.*?)</a>", r"[\2](\1)", text)
    text = re.sub(r"(?is)<(?:b|strong)>(.*?)</(?:b|strong)>", r"**\1**", text)
    text = re.sub(r"(?is)<li[^>]*>(.*?)</li>", r"- \1\n", text)
    text = re.sub(r"(?i)<br ?/?>|</p>", "\n", text)
    text = html.unescape(re.sub(r"<[^>]+>", "", text))
    return re.sub(r"\n{3,}", "\n\n", text).strip()
