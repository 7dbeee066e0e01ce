import json
import urllib.request
from typing import TypedDict

from hero_tracing import flow


class Company(TypedDict):
    valid: bool
    name: str
    address: str


@flow(retries=4, backoff=3)
def main(vat_id: str) -> Company:
    """Asks the EU's VIES service whether a VAT identification number is valid, and whose it is."""
    country, number = vat_id[:2].upper(), vat_id[2:].replace(" ", "")
    url = f"https://ec.europa.eu/taxation_customs/vies/rest-api/ms/{country}/vat/{number}"
    answer = json.load(urllib.request.urlopen(url, timeout=20))
    return Company(valid=answer["isValid"], name=answer.get("name", ""), address=answer.get("address", ""))
