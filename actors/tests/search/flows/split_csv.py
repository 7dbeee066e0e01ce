import csv
from pathlib import Path

from hero_tracing import flow


@flow
def main(path: str, rows_per_file: int = 50_000) -> list[str]:
    """Cuts a CSV that is too big for Excel into several smaller ones, each with the header line."""
    source, parts = Path(path), []
    with source.open(newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        writer = out = None
        for number, row in enumerate(reader):
            if number % rows_per_file == 0:
                if out:
                    out.close()
                part = source.with_name(f"{source.stem}-{len(parts) + 1:03d}.csv")
                out = part.open("w", newline="")
                writer = csv.writer(out)
                writer.writerow(header)
                parts.append(str(part))
            writer.writerow(row)
        if out:
            out.close()
    return parts
