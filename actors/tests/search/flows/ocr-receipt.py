import re
from dataclasses import dataclass

from hero_tracing import flow


@dataclass
class Till:
    shop: str
    items: dict[str, float]
    sum: float


@flow
def tesseract(photo: str, language: str) -> str:
    import pytesseract
    from PIL import Image

    return pytesseract.image_to_string(Image.open(photo).convert("L"), lang=language)


@flow
def main(photo: str, language: str = "eng") -> Till:
    """Reads a photographed shop receipt: the shop, what was bought and what it cost."""
    lines = [line.strip() for line in tesseract(photo, language).splitlines() if line.strip()]
    priced = (re.match(r"(.+?)\s+(\d+[.,]\d{2})$", line) for line in lines)
    prices = {found[1]: float(found[2].replace(",", ".")) for found in priced if found}
    total = next((price for name, price in prices.items() if re.match(r"(?i)total|sum", name)), 0.0)
    return Till(
        lines[0] if lines else "",
        {n: p for n, p in prices.items() if not re.match(r"(?i)total|sum", n)},
        total,
    )
