from typing import TypedDict

from hero_tracing import flow

TARIFF = {"6109": 12.0, "6403": 8.0, "8471": 0.0, "8517": 0.0, "9503": 4.7, "9102": 4.5}
IMPORT_VAT = {"DE": 19.0, "FR": 20.0, "NL": 21.0, "IT": 22.0}


class LandedCost(TypedDict):
    duty: float
    import_vat: float
    total: float


@flow
def main(hs_code: str, goods_value: float, freight: float, destination: str) -> LandedCost:
    """Landed cost of goods from outside the EU: customs duty and import VAT by tariff number."""
    cif = goods_value + freight
    duty = 0.0 if goods_value <= 150 else cif * TARIFF[hs_code[:4]] / 100
    vat = (cif + duty) * IMPORT_VAT[destination] / 100
    return LandedCost(duty=round(duty, 2), import_vat=round(vat, 2), total=round(cif + duty + vat, 2))
