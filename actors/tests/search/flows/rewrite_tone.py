from typing import Literal

from hero_tracing import flow

Tone = Literal["friendly", "formal", "plain", "firm"]


@flow(retries=1)
def main(text: str, tone: Tone = "friendly") -> str:
    """Says the same in another tone: an angry message becomes polite, legalese becomes plain."""
    from openai import OpenAI

    rule = f"Rewrite in a {tone} tone. Same facts, same language, about the same length."
    chat = [{"role": "system", "content": rule}, {"role": "user", "content": text}]
    return (
        OpenAI().chat.completions.create(model="gpt-4o-mini", messages=chat).choices[0].message.content
        or text
    )
