import calendar
from datetime import date

from hero_tracing import flow


def monate_spaeter(tag: date, monate: int) -> date:
    jahr, monat = divmod(tag.year * 12 + tag.month - 1 + monate, 12)
    return date(jahr, monat + 1, min(tag.day, calendar.monthrange(jahr, monat + 1)[1]))


@flow
def main(
    beginn: date, mindestlaufzeit_monate: int, verlaengerung_monate: int, frist_monate: int
) -> dict[str, date]:
    """Bis wann ein Vertrag gekündigt sein muss, damit er sich nicht verlängert, und wann er dann endet."""
    heute, ende = flow.now().date(), monate_spaeter(beginn, mindestlaufzeit_monate)
    while monate_spaeter(ende, -frist_monate) < heute:
        ende = monate_spaeter(ende, verlaengerung_monate)
    return {"kuendigen_bis": monate_spaeter(ende, -frist_monate), "vertragsende": ende}
