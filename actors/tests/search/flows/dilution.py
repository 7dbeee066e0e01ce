from hero_tracing import flow


@flow
def main(stock_molar: float, wanted_molar: float, wanted_ml: float) -> dict[str, float]:
    """How much stock solution and how much solvent to mix for a wanted concentration."""
    if wanted_molar > stock_molar:
        raise flow.Failed("a solution does not get stronger by diluting it")
    stock_ml = wanted_molar * wanted_ml / stock_molar
    return {"stock_ml": round(stock_ml, 3), "solvent_ml": round(wanted_ml - stock_ml, 3)}
