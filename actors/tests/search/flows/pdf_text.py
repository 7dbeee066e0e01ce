from hero_tracing import flow


@flow
def read_page(path: str, index: int) -> str:
    from pypdf import PdfReader

    return PdfReader(path).pages[index].extract_text() or ""


@flow
def main(path: str, first_page: int = 1, last_page: int | None = None) -> str:
    """Extracts the text of a PDF file, page by page."""
    from pypdf import PdfReader

    count = len(PdfReader(path).pages)
    pages = range(first_page - 1, min(last_page or count, count))
    return "\n\f\n".join(read_page(path, index) for index in pages)
