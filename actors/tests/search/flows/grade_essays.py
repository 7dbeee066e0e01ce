from statistics import fmean

from hero_tracing import ask_user, flow


@flow
def mark(essay: str, criterion: str) -> float:
    return float(flow.invoke("complete", prompt=f"Points 0-10 for {criterion}. Only the number.\n\n{essay}"))


@flow
def main(essays: dict[str, str], rubric: list[str]) -> dict[str, float]:
    """Proposes marks for students' essays along a rubric; the teacher may correct each one."""
    marks = {}
    for student, essay in essays.items():
        proposed = round(fmean(mark(essay, criterion) for criterion in rubric), 1)
        marks[student] = ask_user.number(f"{student}: {proposed}?", default=proposed, minimum=0, maximum=10)
    return marks
