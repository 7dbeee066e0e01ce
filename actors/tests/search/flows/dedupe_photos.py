from collections import defaultdict
from pathlib import Path

from hero_tracing import flow


def average_hash(path: Path) -> int:
    from PIL import Image

    pixels = list(Image.open(path).convert("L").resize((8, 8)).getdata())
    mean = sum(pixels) / 64
    return sum(1 << i for i, pixel in enumerate(pixels) if pixel > mean)


@flow
def main(folder: str, max_distance: int = 4) -> list[list[str]]:
    """Cleans up my picture folder."""
    groups: dict[int, list[str]] = defaultdict(list)
    for path in Path(folder).rglob("*.jpg"):
        fingerprint = average_hash(path)
        near = next(
            (known for known in groups if (known ^ fingerprint).bit_count() <= max_distance), fingerprint
        )
        groups[near].append(str(path))
    return [paths for paths in groups.values() if len(paths) > 1]
