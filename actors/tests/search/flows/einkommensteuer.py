import math

from hero_tracing import flow


def grundtarif(zve: float) -> float:
    if zve <= 11_784:
        return 0.0
    if zve <= 17_005:
        y = (zve - 11_784) / 10_000
        return (954.80 * y + 1_400) * y
    if zve <= 66_760:
        z = (zve - 17_005) / 10_000
        return (181.19 * z + 2_397) * z + 991.21
    if zve <= 277_825:
        return 0.42 * zve - 10_636.31
    return 0.45 * zve - 18_971.06


@flow
def main(zu_versteuern: float, verheiratet: bool = False, kirchensteuer: bool = False) -> dict[str, float]:
    """Einkommensteuer nach dem Grund- oder Splittingtarif 2024, auf Wunsch mit Kirchensteuer."""
    teiler = 2 if verheiratet else 1
    steuer = math.floor(grundtarif(zu_versteuern / teiler) * teiler)
    return {"einkommensteuer": steuer, "kirchensteuer": round(steuer * 0.09, 2) if kirchensteuer else 0.0}
