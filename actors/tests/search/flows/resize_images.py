from pathlib import Path

from hero_tracing import flow


@flow
def shrink(source: str, target: str, width: int, quality: int) -> int:
    from PIL import Image, ImageOps

    with Image.open(source) as picture:
        upright = ImageOps.exif_transpose(picture)
        upright.thumbnail((width, width * 4))
        upright.convert("RGB").save(target, "JPEG", quality=quality, optimize=True)
    return Path(target).stat().st_size


@flow
def main(folder: str, width: int = 1600, quality: int = 82) -> dict[str, int]:
    """Makes all pictures of a folder smaller for the web and says how many bytes each has now."""
    out = Path(folder, "web")
    out.mkdir(exist_ok=True)
    sources = [path for path in Path(folder).iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"}]
    return {path.name: shrink(str(path), str(out / f"{path.stem}.jpg"), width, quality) for path in sources}
