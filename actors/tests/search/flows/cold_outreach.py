from hero_tracing import ask_user, flow


@flow
def draft(prospect: dict[str, str], offer: str, sender: str) -> str:
    facts = "\n".join(f"{key}: {value}" for key, value in prospect.items())
    return flow.invoke(
        "complete", prompt=f"First-contact mail, 90 words, no flattery.\n{facts}\n{offer}\n{sender}"
    )


@flow
def main(prospects: list[dict[str, str]], offer: str, sender: str) -> list[dict[str, str]]:
    """Writes a personal first e-mail to each prospect. You may edit every draft or skip it."""
    ready = []
    for prospect in prospects:
        text = draft(prospect, offer, sender)
        verdict = ask_user.choice(f"{prospect['email']}:\n{text}", ["good", "edit", "skip"])
        if verdict == "edit":
            text = ask_user.text("Your version:", default=text, multiline=True)
        if verdict != "skip":
            ready.append({"to": prospect["email"], "body": text})
    return ready
