from hero_tracing import flow

FACTORS = {
    "m": ("length", 1.0),
    "km": ("length", 1000.0),
    "mile": ("length", 1609.344),
    "ft": ("length", 0.3048),
    "inch": ("length", 0.0254),
    "kg": ("mass", 1.0),
    "lb": ("mass", 0.45359237),
    "oz": ("mass", 0.028349523125),
    "l": ("volume", 1.0),
    "gallon": ("volume", 3.785411784),
    "cup": ("volume", 0.2365882365),
}


@flow
def main(value: float, source: str, target: str) -> float:
    """Converts between metric and imperial units: lengths, masses, volumes and temperatures."""
    if {source, target} == {"C", "F"}:
        return value * 9 / 5 + 32 if source == "C" else (value - 32) * 5 / 9
    (kind, factor), (other, divisor) = FACTORS[source], FACTORS[target]
    if kind != other:
        raise flow.Failed(f"{source} is a {kind}, {target} a {other}")
    return value * factor / divisor
