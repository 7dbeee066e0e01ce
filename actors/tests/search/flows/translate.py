from hero_tracing import flow


@flow(retries=2)
def deepl(text: str, target: str, formality: str) -> str:
    import json
    from urllib.parse import urlencode
    from urllib.request import Request, urlopen

    form = urlencode({"text": text, "target_lang": target.upper(), "formality": formality}).encode()
    key = flow.secret("DEEPL_KEY")
    request = Request("https://api.deepl.com/v2/translate", form, {"Authorization": f"DeepL-Auth-Key {key}"})
    return json.load(urlopen(request, timeout=30))["translations"][0]["text"]


@flow(secrets=["DEEPL_KEY"])
def main(text: str, target_language: str = "en", formality: str = "default") -> str:
    """Translates a text into another language with DeepL."""
    paragraphs = text.split("\n\n")
    return "\n\n".join(deepl(paragraph, target_language, formality) for paragraph in paragraphs)
