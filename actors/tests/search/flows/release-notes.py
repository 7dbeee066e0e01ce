from hero_tracing import ask_user, flow


@flow
def rewrite(changes: list[str], audience: str) -> str:
    bullets = "\n".join(f"- {change}" for change in changes)
    return flow.invoke(
        "complete", prompt=f"For {audience}: what is new and why they care. No jargon.\n{bullets}"
    )


@flow
def main(changes: list[str], product: str, audience: str = "customers") -> str:
    """Turns a list of technical changes into an announcement of the new release that users understand."""
    text = rewrite(changes, audience)
    while wish := ask_user.text(f"{product}\n\n{text}\n\nWhat should change? Empty if nothing.", default=""):
        text = flow.invoke("complete", prompt=f"{text}\n\nChange this: {wish}")
    return text
