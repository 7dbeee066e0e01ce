import gzip
import shutil
import subprocess
from pathlib import Path

from hero_tracing import flow


@flow
def dump(database: str, target: str) -> None:
    subprocess.run(["pg_dump", "--format=plain", "--no-owner", "-f", target, database], check=True)


@flow
def compress(path: str) -> str:
    packed = f"{path}.gz"
    with open(path, "rb") as source, gzip.open(packed, "wb") as target:
        shutil.copyfileobj(source, target)
    Path(path).unlink()
    return packed


@flow
def main(database: str, directory: str = "/var/backups") -> str:
    """Backs up a PostgreSQL database to a compressed dump and returns its path."""
    stamp = flow.now().strftime("%Y%m%d-%H%M")
    path = f"{directory}/{database}-{stamp}.sql"
    dump(database, path)
    return compress(path)
