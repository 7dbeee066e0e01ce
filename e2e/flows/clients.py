"""A flow that has something of everything that a client can ask for: text, a question, a file, an end with an error."""

from pathlib import Path

from hero_tracing import ask_user, flow


@flow
def count(number: int) -> int:
    """A step that prints a line."""
    print(f"line {number}")
    return number


@flow(name="everything")
def main(lines: int = 3, fails: bool = False) -> dict[str, int]:
    """Prints lines, asks how many more, prints those, and keeps a file."""
    total = len([count(number) for number in range(lines)])
    more = int(ask_user.text("How many more?", name="more"))
    total += len([count(number) for number in range(more)])
    if fails:
        raise ValueError("as it was told to")
    Path("out.bin").write_bytes(bytes(range(256)) * 1024)
    flow.artifact("out.bin", "out ä/1.bin".replace("/", "_"))
    return {"total": total}
