"""The smallest flow that does something.

    hello [name=World]
    └─ compose          recorded: a run that is resumed takes its result from the record

Run it with `hero_logic run hello --input name=Ada`.
"""

from hero_tracing import flow


@flow
def compose(name: str) -> str:
    """A step. Its body runs, its result is written to disk, and only then does the call return."""
    print(f"composing a greeting for {name}")  # shown beneath this step, and kept with it
    return f"Hello, {name}!"


@flow(name="hello")
def main(name: str = "World") -> dict[str, str]:
    """Greets somebody by name."""
    return {"greeting": compose(name)}
