import re

from hero_tracing import flow

PFLICHT = {
    "Rechnungsnummer": r"rechnung(s-?nr|snummer)",
    "Steuernummer oder USt-IdNr.": r"steuer-?nr|steuernummer|ust-?id",
    "Leistungsdatum": r"leistungsdatum|lieferdatum|leistungszeitraum",
    "Steuersatz": r"\b(19|7)\s?%",
    "Nettobetrag": r"netto",
}


@flow
def main(text: str) -> list[str]:
    """Prüft, ob eine Eingangsrechnung alle Pflichtangaben nach § 14 UStG enthält, und nennt, was fehlt."""
    return [angabe for angabe, muster in PFLICHT.items() if not re.search(muster, text, re.IGNORECASE)]
