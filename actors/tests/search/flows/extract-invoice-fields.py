import re
from dataclasses import dataclass
from datetime import date, datetime

from hero_tracing import flow


@dataclass
class InvoiceHead:
    number: str | None
    issued: date | None
    supplier_vat_id: str | None
    total: float | None


def first(pattern: str, text: str) -> str | None:
    found = re.search(pattern, text, re.IGNORECASE)
    return found[1] if found else None


@flow
def main(text: str) -> InvoiceHead:
    """Reads number, date, VAT id of the supplier and total out of the text of a scanned invoice."""
    day = first(r"(?:date|datum)\D{0,5}(\d{2}\.\d{2}\.\d{4})", text)
    total = first(r"(?:total|gross|gesamt|zu zahlen)\D{0,12}([\d.,]+)", text)
    return InvoiceHead(
        number=first(r"(?:invoice|rechnung)\s*(?:no\.?|nr\.?|number)?\s*[:#]?\s*([A-Z0-9-]{4,})", text),
        issued=datetime.strptime(day, "%d.%m.%Y").date() if day else None,
        supplier_vat_id=first(r"\b([A-Z]{2}U?\d{8,11})\b", text),
        total=float(total.replace(".", "").replace(",", ".")) if total else None,
    )
