from hero_tracing import flow


@flow(retries=2)
def write(name: str, facts: str, tone: str, words: int) -> str:
    text = flow.invoke(
        "complete", prompt=f"Shop text for {name}, {tone}, {words} words. Only these facts:\n{facts}"
    )
    if len(text.split()) > words * 1.3:
        raise ValueError("too long")
    return text


@flow
def main(
    name: str, attributes: dict[str, str], tone: str = "matter-of-fact", words: int = 120
) -> dict[str, str]:
    """Writes the copy of an article in the web shop from its attributes, with a title and bullets."""
    facts = "\n".join(f"{key}: {value}" for key, value in attributes.items())
    text = write(name, facts, tone, words)
    bullets = "\n".join(f"• {value}" for value in list(attributes.values())[:5])
    return {"title": f"{name} – {attributes.get('colour', '')}".strip(" –"), "text": text, "bullets": bullets}
