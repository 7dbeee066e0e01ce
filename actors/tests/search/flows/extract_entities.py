from typing import TypedDict

from hero_tracing import flow


class Entities(TypedDict):
    people: list[str]
    organisations: list[str]
    places: list[str]
    dates: list[str]


@flow
def main(text: str) -> Entities:
    """Named entities of a text: people, organisations, places, dates."""
    import spacy

    document = spacy.load("en_core_web_sm")(text)

    def of(*labels: str) -> list[str]:
        return sorted({entity.text for entity in document.ents if entity.label_ in labels})

    return Entities(people=of("PERSON"), organisations=of("ORG"), places=of("GPE", "LOC"), dates=of("DATE"))
