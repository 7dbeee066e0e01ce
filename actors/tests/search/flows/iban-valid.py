from hero_tracing import flow

LENGTHS = {"DE": 22, "AT": 20, "CH": 21, "FR": 27, "ES": 24, "NL": 18, "BE": 16, "IT": 27, "GB": 22}


@flow
def main(iban: str) -> bool:
    """Checks the length and the check digits (mod 97) of an IBAN."""
    compact = iban.replace(" ", "").upper()
    if not compact.isalnum() or LENGTHS.get(compact[:2]) not in (None, len(compact)):
        return False
    rearranged = compact[4:] + compact[:4]
    return int("".join(str(int(character, 36)) for character in rearranged)) % 97 == 1
