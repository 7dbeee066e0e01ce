from hero_tracing import flow


@flow(retries=2)
def condense(passage: str, focus: str) -> str:
    from anthropic import Anthropic

    ask = f"Condense to the essential, with attention to {focus}:\n\n{passage}"
    reply = Anthropic().messages.create(
        model="claude-3-5-haiku-latest", max_tokens=600, messages=[{"role": "user", "content": ask}]
    )
    return reply.content[0].text


@flow
def main(path: str, focus: str = "conclusions", chunk_characters: int = 8000) -> str:
    """Summary of a book or report that does not fit into a model's context.

    Map and reduce: chunks are condensed side by side, then their summaries together, until one is left.
    """
    with open(path) as file:
        text = file.read()
    while len(text) > chunk_characters:
        chunks = [text[at : at + chunk_characters] for at in range(0, len(text), chunk_characters)]
        text = "\n\n".join(flow.map(lambda chunk: condense(chunk, focus), chunks, concurrency=6))
    return condense(text, focus)
