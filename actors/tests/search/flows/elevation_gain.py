import xml.etree.ElementTree as ElementTree

from hero_tracing import flow


def heights(gpx: str) -> list[float]:
    root = ElementTree.fromstring(gpx)
    return [float(node.text or 0) for node in root.iter() if node.tag.endswith("}ele")]


def smooth(values: list[float], window: int = 5) -> list[float]:
    half = window // 2
    return [
        sum(part) / len(part) for i in range(len(values)) if (part := values[max(0, i - half) : i + half + 1])
    ]


@flow
def main(gpx: str) -> dict[str, float]:
    """Metres climbed and descended on a recorded GPX track, with the noise of the altimeter smoothed away."""
    track = smooth(heights(gpx))
    steps = [b - a for a, b in zip(track, track[1:], strict=False)]
    return {"up_m": round(sum(s for s in steps if s > 0)), "down_m": round(-sum(s for s in steps if s < 0))}
