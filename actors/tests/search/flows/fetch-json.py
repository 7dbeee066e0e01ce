import json
import urllib.error
import urllib.request
from typing import Any

from hero_tracing import flow


@flow(retries=4, backoff=0.5)
def get(url: str, token: str | None) -> str:
    headers = {"Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as response:
            return response.read().decode()
    except urllib.error.HTTPError as error:
        if error.code < 500 and error.code != 429:
            raise flow.Failed(f"{url} said {error.code}") from None
        raise


@flow
def main(url: str, token: str | None = None) -> dict[str, Any]:
    """GET request to a REST endpoint; retries on 5xx and 429 and returns the parsed JSON body."""
    return json.loads(get(url, token))
