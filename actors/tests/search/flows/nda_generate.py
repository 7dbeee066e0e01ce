from datetime import date
from string import Template

from hero_tracing import ask_user, flow

TEXT = Template("""MUTUAL NON-DISCLOSURE AGREEMENT

between $ours and $theirs, effective $start.
1. Purpose: $purpose.
2. Confidential information stays confidential for $years years after disclosure.
3. Governing law: $law.
""")


@flow
def main(counterparty: str, purpose: str, years: int = 3, start: date | None = None) -> str:
    """Fills in our standard NDA for a new partner."""
    law = ask_user.choice("Governing law?", ["Belgium", "Germany", "England and Wales", "Delaware"])
    begin = start or flow.now().date()
    return TEXT.substitute(
        ours="Example Ltd",
        theirs=counterparty,
        purpose=purpose,
        years=years,
        law=law,
        start=begin.isoformat(),
    )
