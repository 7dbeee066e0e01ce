"""A flow that asks a person, twice, and acts on the answers.

    approval [topic]
    ├─ write_draft      recorded
    ├─ decision         a question with three answers
    ├─ note             a question with free text
    └─ publish          recorded, and only on "publish"

While a question is open no process runs. The answer may come in a second or in a month: the flow is then run
again from its first line, `write_draft` is answered from its record, and the run goes on behind the question.

Run it with `hero_logic run approval`, or answer beforehand:
`hero_logic run approval --answer decision='"publish"' --answer note='"Well done."'`
"""

from dataclasses import dataclass
from typing import Any

from hero_tracing import ask_user, flow


@dataclass(frozen=True)
class Draft:
    """What would be published."""

    title: str
    text: str


@flow
def write_draft(topic: str) -> Draft:
    """Writes the announcement. A dataclass comes out of the record as that dataclass."""
    print(f"writing about {topic}")
    return Draft(title=f"News: {topic}", text=f"We are glad to tell you about {topic}.")


@flow
def publish(draft: Draft) -> str:
    """Stands for the one thing that must not happen twice.

    Hand `flow.idempotency_key()` to a real service: it is the same each time this step is tried.
    """
    print(f"publishing {draft.title!r} under the key {flow.idempotency_key()}")
    slug = draft.title.removeprefix("News: ").replace(" ", "-")
    return f"https://example.org/news/{slug}"


@flow(name="approval")
def main(topic: str = "the new release") -> dict[str, Any]:
    """Drafts an announcement and lets a person decide what becomes of it."""
    draft = write_draft(topic)
    decision = ask_user.choice(f"{draft.text} What now?", ["publish", "revise", "drop"], name="decision")
    note = ask_user.text("Why? One line for the record.", name="note")
    link = publish(draft) if decision == "publish" else None
    return {"title": draft.title, "decision": decision, "note": note, "link": link}
