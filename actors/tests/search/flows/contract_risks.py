import json

from hero_tracing import flow

CLAUSES = ["liability cap", "auto-renewal", "termination notice", "exclusivity", "penalties", "jurisdiction"]


@flow(retries=1)
def review(chunk: str) -> list[dict[str, str]]:
    from anthropic import Anthropic

    ask = f"List risky clauses about {', '.join(CLAUSES)}. JSON array of clause, quote, severity, why.\n\n{chunk}"
    reply = Anthropic().messages.create(
        model="claude-sonnet-4-0", max_tokens=2000, messages=[{"role": "user", "content": ask}]
    )
    return json.loads(reply.content[0].text)


@flow
def main(contract: str) -> list[dict[str, str]]:
    """Reads a contract and flags clauses that a lawyer should look at, with the quoted passage and the
    severity.
    """
    chunks = [contract[start : start + 12_000] for start in range(0, len(contract), 11_500)]
    findings = [finding for chunk in chunks for finding in review(chunk)]
    return sorted(findings, key=lambda finding: ["high", "medium", "low"].index(finding["severity"]))
