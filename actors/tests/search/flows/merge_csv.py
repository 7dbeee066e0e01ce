import csv

from hero_tracing import flow


def read(path: str) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


@flow
def main(left: str, right: str, key: str, target: str = "joined.csv") -> dict[str, int]:
    """Joins two CSV files on a common column, like a left join in SQL; counts rows without a partner."""
    lookup = {row[key]: row for row in read(right)}
    rows = read(left)
    joined = [{**row, **{k: v for k, v in lookup.get(row[key], {}).items() if k != key}} for row in rows]
    columns = list(dict.fromkeys(column for row in joined for column in row))
    with open(target, "w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(joined)
    return {"rows": len(joined), "unmatched": sum(row[key] not in lookup for row in rows)}
