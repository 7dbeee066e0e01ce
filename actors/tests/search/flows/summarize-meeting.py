import json
from typing import TypedDict

from hero_tracing import flow


class ActionItem(TypedDict):
    owner: str
    task: str
    due: str | None


class Minutes(TypedDict):
    decisions: list[str]
    action_items: list[ActionItem]
    open_questions: list[str]


@flow
def ask_model(transcript: str) -> str:
    from openai import OpenAI

    rules = "Return JSON with decisions, action_items (owner, task, due) and open_questions. Do not invent owners."
    chat = [{"role": "system", "content": rules}, {"role": "user", "content": transcript}]
    answer = OpenAI().chat.completions.create(
        model="gpt-4o", messages=chat, response_format={"type": "json_object"}
    )
    return answer.choices[0].message.content or "{}"


@flow
def main(transcript: str) -> Minutes:
    """Writes the minutes of a meeting from its transcript: decisions, action items with owners, open
    questions.
    """
    return json.loads(ask_model(transcript))
