import re

from hero_tracing import flow

WEIGHTS = {
    "H": 1.008,
    "C": 12.011,
    "N": 14.007,
    "O": 15.999,
    "Na": 22.990,
    "S": 32.06,
    "Cl": 35.45,
    "Fe": 55.845,
}


def expand(formula: str) -> dict[str, int]:
    while group := re.search(r"\(([^()]+)\)(\d*)", formula):
        formula = formula.replace(group[0], group[1] * int(group[2] or 1), 1)
    counts: dict[str, int] = {}
    for element, number in re.findall(r"([A-Z][a-z]?)(\d*)", formula):
        counts[element] = counts.get(element, 0) + int(number or 1)
    return counts


@flow
def main(formula: str) -> float:
    """Molar mass of a compound in g/mol from its formula, such as Fe2(SO4)3."""
    return round(sum(WEIGHTS[element] * count for element, count in expand(formula).items()), 3)
