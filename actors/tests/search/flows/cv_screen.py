import json
from typing import TypedDict

from hero_tracing import ask_user, flow


class Verdict(TypedDict):
    score: int
    strengths: list[str]
    gaps: list[str]
    invite: bool


@flow
def judge(cv: str, must_have: list[str]) -> dict:
    from openai import OpenAI

    prompt = (
        f"Score 0-10 against {must_have}. JSON: score, strengths, gaps. Ignore age, gender, origin.\n\n{cv}"
    )
    reply = OpenAI().chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": prompt}])
    return json.loads(reply.choices[0].message.content or "{}")


@flow
def main(cv: str, must_have: list[str]) -> Verdict:
    """Compares an applicant's CV with the requirements of a job; the recruiter has the last word on an
    invitation.
    """
    found = judge(cv, must_have)
    invite = ask_user.confirm(f"{found['score']}/10, lacks {found['gaps']}. Invite?")
    return Verdict(score=found["score"], strengths=found["strengths"], gaps=found["gaps"], invite=invite)
