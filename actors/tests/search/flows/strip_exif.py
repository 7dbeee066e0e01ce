from pathlib import Path

from hero_tracing import flow


@flow
def main(photos: list[str]) -> dict[str, list[str]]:
    """Removes metadata such as place and camera from photos before they are published."""
    from PIL import ExifTags, Image

    removed = {}
    for photo in photos:
        with Image.open(photo) as image:
            removed[photo] = sorted(ExifTags.TAGS.get(tag, str(tag)) for tag in image.getexif())
            clean = Image.new(image.mode, image.size)
            clean.putdata(list(image.getdata()))
            clean.save(Path(photo).with_stem(Path(photo).stem + "-clean"))
    return removed
