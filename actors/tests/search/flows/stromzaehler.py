from datetime import date

from hero_tracing import flow


@flow
def main(
    ablesungen: dict[date, float], preis_je_kwh: float = 0.32, grundpreis_monat: float = 12.0
) -> dict[str, float]:
    """Berechnet aus abgelesenen Zählerständen den Stromverbrauch, rechnet ihn auf ein Jahr hoch und schätzt
    die Kosten.
    """
    tage = sorted(ablesungen)
    dauer = (tage[-1] - tage[0]).days
    verbrauch = ablesungen[tage[-1]] - ablesungen[tage[0]]
    if dauer <= 0 or verbrauch < 0:
        raise flow.Failed("es braucht zwei Ablesungen mit steigendem Stand")
    jahr = verbrauch / dauer * 365
    return {
        "verbrauch_kwh": round(verbrauch, 1),
        "jahresverbrauch_kwh": round(jahr),
        "jahreskosten_eur": round(jahr * preis_je_kwh + 12 * grundpreis_monat, 2),
    }
