from collections import Counter

from hero_tracing import flow


@flow
def answer(template: str, case: str) -> str:
    return flow.invoke("complete", prompt=template.replace("{input}", case))


@flow
def judge(case: str, first: str, second: str) -> str:
    swapped = flow.random() < 0.5
    a, b = (second, first) if swapped else (first, second)
    vote = flow.invoke("complete", prompt=f"Input: {case}\nA: {a}\nB: {b}\nBetter: A, B or tie?").strip()
    return {"A": "B", "B": "A"}.get(vote, "tie") if swapped else vote


@flow
def main(prompt_a: str, prompt_b: str, cases: list[str]) -> dict[str, int]:
    """Which of two prompts does better on a set of inputs, by a model that judges blindly."""
    votes = Counter(judge(case, answer(prompt_a, case), answer(prompt_b, case)) for case in cases)
    return {"a_wins": votes["A"], "b_wins": votes["B"], "ties": votes["tie"]}
