import json
import urllib.request

from hero_tracing import flow


@flow(retries=2)
def diff_of(repository: str, number: int) -> str:
    headers = {
        "Accept": "application/vnd.github.diff",
        "Authorization": f"Bearer {flow.secret('GITHUB_TOKEN')}",
    }
    url = f"https://api.github.com/repos/{repository}/pulls/{number}"
    return (
        urllib.request.urlopen(urllib.request.Request(url, headers=headers)).read().decode(errors="replace")
    )


@flow(secrets=["GITHUB_TOKEN"])
def main(repository: str, number: int) -> dict[str, str | list[str]]:
    """Explains a pull request to a reviewer: what changes, why, and which files deserve a close look."""
    from openai import OpenAI

    ask = "JSON with summary, motivation, risky_files for this diff:\n" + diff_of(repository, number)[:60_000]
    reply = OpenAI().chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": ask}])
    return json.loads(reply.choices[0].message.content or "{}")
