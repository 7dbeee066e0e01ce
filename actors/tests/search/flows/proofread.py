import json
from typing import TypedDict
from urllib.parse import urlencode
from urllib.request import urlopen

from hero_tracing import flow


class Mistake(TypedDict):
    passage: str
    message: str
    suggestions: list[str]


@flow(retries=2, backoff=2)
def main(text: str, language: str = "auto") -> list[Mistake]:
    """Spelling and grammar check with LanguageTool."""
    form = urlencode({"text": text, "language": language}).encode()
    matches = json.load(urlopen("https://api.languagetool.org/v2/check", form, timeout=30))["matches"]
    return [
        Mistake(
            passage=text[m["offset"] : m["offset"] + m["length"]],
            message=m["message"],
            suggestions=[r["value"] for r in m["replacements"][:3]],
        )
        for m in matches
    ]
