import re
from urllib.request import urlopen

from hero_tracing import flow


@flow
def main(url: str) -> list[str]:
    """On-page SEO check: title, meta description, headings, image alt texts, canonical link."""
    html = urlopen(url, timeout=15).read().decode(errors="replace")
    problems = []
    title = re.search(r"(?is)<title>(.*?)</title>", html)
    if not title or not 20 <= len(title[1].strip()) <= 65:
        problems.append("the title should have 20 to 65 characters")
    if not re.search(r'(?i)<meta[^>]+name="description"', html):
        problems.append("no meta description")
    if len(re.findall(r"(?i)<h1[ >]", html)) != 1:
        problems.append("there should be exactly one h1")
    bare = [tag for tag in re.findall(r"(?i)<img[^>]*>", html) if 'alt="' not in tag]
    if bare:
        problems.append(f"{len(bare)} images without alt text")
    if 'rel="canonical"' not in html:
        problems.append("no canonical link")
    return problems
