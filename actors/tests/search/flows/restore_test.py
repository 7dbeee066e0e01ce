import subprocess

from hero_tracing import flow


@flow
def load_into(scratch: str, dump: str) -> None:
    subprocess.run(["createdb", scratch], check=True)
    unpacked = subprocess.Popen(["gunzip", "-c", dump], stdout=subprocess.PIPE)
    subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", scratch], stdin=unpacked.stdout, check=True)


@flow
def rows(scratch: str, table: str) -> int:
    count = ["psql", "-At", "-c", f"select count(*) from {table}", scratch]
    return int(subprocess.run(count, check=True, capture_output=True, text=True).stdout)


@flow
def main(dump: str, expected_rows: dict[str, int]) -> bool:
    """Proves that a backup can be restored: loads the dump into a scratch database and counts rows."""
    scratch = f"proof_{flow.uuid().hex[:8]}"
    load_into(scratch, dump)
    try:
        return all(rows(scratch, table) >= least for table, least in expected_rows.items())
    finally:
        subprocess.run(["dropdb", scratch], check=True)
