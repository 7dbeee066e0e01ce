import csv
import io

from hero_tracing import flow


@flow
def main(csv_text: str, delimiter: str = ",") -> list[dict[str, str]]:
    """CSV to JSON. The first row gives the keys."""
    reader = csv.DictReader(io.StringIO(csv_text), delimiter=delimiter)
    return [{key.strip(): (value or "").strip() for key, value in row.items() if key} for row in reader]
