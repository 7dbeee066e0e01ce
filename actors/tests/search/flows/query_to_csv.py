import csv
import sqlite3

from hero_tracing import flow


@flow
def main(database: str, sql: str, target: str = "result.csv") -> int:
    """Runs a SELECT on a SQLite database and saves the result as CSV. Returns the number of rows."""
    with (
        sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection,
        open(target, "w", newline="") as out,
    ):
        cursor = connection.execute(sql)
        writer = csv.writer(out)
        writer.writerow([column[0] for column in cursor.description])
        rows = cursor.fetchall()
        writer.writerows(rows)
    return len(rows)
