from typing import Literal

from hero_tracing import ask_user, flow

Team = Literal["billing", "technical", "account", "sales"]


@flow
def model_says(subject: str, body: str) -> tuple[str, float]:
    import json

    from openai import OpenAI

    prompt = f"Which team handles this? billing, technical, account or sales. JSON team, confidence.\n{subject}\n{body}"
    reply = OpenAI().chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": prompt}]
    )
    parsed = json.loads(reply.choices[0].message.content or "{}")
    return parsed["team"], parsed["confidence"]


@flow
def main(subject: str, body: str) -> Team:
    """Routes a customer's support request to the right team; a person decides when the model is unsure."""
    team, confidence = model_says(subject, body)
    if confidence < 0.7:
        return ask_user.choice(f"Who takes {subject!r}?", ["billing", "technical", "account", "sales"])
    return team
