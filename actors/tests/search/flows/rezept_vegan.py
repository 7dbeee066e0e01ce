from hero_tracing import flow

ERSATZ = {
    "Butter": "Margarine",
    "Milch": "Haferdrink",
    "Sahne": "Sojasahne",
    "Ei": "1 EL Leinsamen mit 3 EL Wasser",
    "Honig": "Agavendicksaft",
    "Hackfleisch": "Sojagranulat",
    "Käse": "Hefeflocken",
}


@flow
def main(zutaten: list[str]) -> dict[str, list[str]]:
    """Ersetzt tierische Zutaten eines Rezepts durch pflanzliche und sagt, wofür es keinen Ersatz kennt."""
    neu, offen = [], []
    for zutat in zutaten:
        treffer = next((tier for tier in ERSATZ if tier.lower() in zutat.lower().split()), None)
        neu.append(zutat.replace(treffer, ERSATZ[treffer]) if treffer else zutat)
        if any(wort in zutat.lower() for wort in ("gelatine", "speck", "fisch")):
            offen.append(zutat)
    return {"zutaten": neu, "ohne_ersatz": offen}
