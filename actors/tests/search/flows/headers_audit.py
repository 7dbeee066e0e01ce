from urllib.request import urlopen

from hero_tracing import flow

WANTED = {
    "Strict-Transport-Security": 25,
    "Content-Security-Policy": 30,
    "X-Content-Type-Options": 15,
    "Referrer-Policy": 15,
    "Permissions-Policy": 15,
}


@flow
def main(url: str) -> dict[str, int | list[str]]:
    """Grades the HTTP response headers of a website that protect its visitors, such as HSTS and CSP."""
    headers = urlopen(url, timeout=10).headers
    missing = [name for name in WANTED if name not in headers]
    return {"score": 100 - sum(WANTED[name] for name in missing), "missing": missing}
