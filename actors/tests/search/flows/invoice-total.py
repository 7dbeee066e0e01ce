from typing import TypedDict

from hero_tracing import flow


class Line(TypedDict):
    description: str
    quantity: float
    unit_price: float
    vat_rate: float


@flow
def main(lines: list[Line], discount_percent: float = 0.0) -> dict[str, float]:
    """Adds up the lines of an invoice: net, VAT per rate and gross amount.

    The discount is taken off the net amount before VAT.
    """
    factor = 1 - discount_percent / 100
    net = sum(line["quantity"] * line["unit_price"] for line in lines) * factor
    vat = sum(line["quantity"] * line["unit_price"] * line["vat_rate"] / 100 for line in lines) * factor
    return {"net": round(net, 2), "vat": round(vat, 2), "gross": round(net + vat, 2)}
