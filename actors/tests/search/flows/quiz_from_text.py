import json
from typing import TypedDict

from hero_tracing import flow


class Question(TypedDict):
    question: str
    options: list[str]
    correct: int


@flow(retries=2)
def invent(text: str, count: int) -> list[Question]:
    from openai import OpenAI

    prompt = f"{count} multiple-choice questions with 4 options about this text, as JSON list.\n\n{text}"
    reply = OpenAI().chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": prompt}])
    questions: list[Question] = json.loads(reply.choices[0].message.content or "[]")
    if any(not 0 <= question["correct"] < len(question["options"]) for question in questions):
        raise ValueError("a question has no valid answer")
    return questions


@flow
def main(text: str, count: int = 5) -> list[Question]:
    """Makes a multiple-choice quiz out of a chapter, for teachers."""
    return invent(text, count)
