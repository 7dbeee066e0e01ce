import csv
import io
from typing import Any

from hero_tracing import flow


def flatten(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


@flow
def main(records: list[dict[str, Any]]) -> str:
    """JSON records to CSV text. Nested objects become columns such as `address.city`."""
    flat = [flatten(record) for record in records]
    columns = list(dict.fromkeys(column for record in flat for column in record))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(flat)
    return out.getvalue()
