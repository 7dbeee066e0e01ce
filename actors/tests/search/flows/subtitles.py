from typing import TypedDict

from hero_tracing import flow


class Segment(TypedDict):
    start: float
    end: float
    text: str


def stamp(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d},{rest % 1000:03d}"


@flow
def main(segments: list[Segment], offset: float = 0.0) -> str:
    """An .srt file from timed segments of a transcript, shifted by an offset in seconds if the sound runs
    early or late.
    """
    blocks = []
    for number, segment in enumerate(segments, 1):
        begin, end = stamp(segment["start"] + offset), stamp(segment["end"] + offset)
        blocks.append(f"{number}\n{begin} --> {end}\n{segment['text'].strip()}\n")
    return "\n".join(blocks)
