import csv
from pathlib import Path

from hero_tracing import flow


@flow
def export_sheet(workbook: str, sheet: str, target: str) -> int:
    from openpyxl import load_workbook

    rows = load_workbook(workbook, read_only=True, data_only=True)[sheet].iter_rows(values_only=True)
    with open(target, "w", newline="") as out:
        writer = csv.writer(out)
        count = 0
        for row in rows:
            writer.writerow(["" if cell is None else cell for cell in row])
            count += 1
    return count


@flow
def main(workbook: str, sheets: list[str]) -> dict[str, int]:
    """Exports worksheets of an Excel workbook as CSV files and counts their rows."""
    folder = Path(workbook).parent
    return {sheet: export_sheet(workbook, sheet, str(folder / f"{sheet}.csv")) for sheet in sheets}
