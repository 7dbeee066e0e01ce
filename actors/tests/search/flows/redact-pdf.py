from hero_tracing import ask_user, flow


@flow
def hits(path: str, terms: list[str]) -> int:
    import fitz

    with fitz.open(path) as document:
        return sum(len(page.search_for(term)) for page in document for term in terms)


@flow
def main(path: str, terms: list[str], target: str = "redacted.pdf") -> str:
    """Blacks out words in a PDF for good, the text beneath included, after you have seen how many there are."""
    import fitz

    if not ask_user.confirm(f"Black out {hits(path, terms)} places?"):
        raise flow.Failed("nothing was changed")
    with fitz.open(path) as document:
        for page in document:
            for term in terms:
                for box in page.search_for(term):
                    page.add_redact_annot(box, fill=(0, 0, 0))
            page.apply_redactions()
        document.save(target, garbage=4)
    return target
