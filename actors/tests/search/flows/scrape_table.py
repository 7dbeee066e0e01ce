from html.parser import HTMLParser
from urllib.request import urlopen

from hero_tracing import flow


class Tables(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self.tables[-1][-1].append("")
            self.cell = True

    def handle_endtag(self, tag: str) -> None:
        self.cell = self.cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.cell:
            self.tables[-1][-1][-1] += data.strip()


@flow
def main(url: str, index: int = 0) -> list[dict[str, str]]:
    """Reads an HTML table from a web page into records, the first row as column names."""
    parser = Tables()
    parser.feed(urlopen(url, timeout=15).read().decode(errors="replace"))
    header, *rows = parser.tables[index]
    return [dict(zip(header, row, strict=False)) for row in rows]
