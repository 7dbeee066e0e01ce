from hero_tracing import flow

PROMPT = "Summarise the following text in at most {sentences} sentences. Keep names and figures.\n\n{text}"


@flow(retries=2)
def complete(prompt: str) -> str:
    from openai import OpenAI

    answer = OpenAI().chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": prompt}], temperature=0.2
    )
    return answer.choices[0].message.content or ""


@flow
def main(text: str, sentences: int = 3) -> str:
    """Summarises a text in a few sentences with a language model."""
    return complete(PROMPT.format(text=text, sentences=sentences)).strip()
