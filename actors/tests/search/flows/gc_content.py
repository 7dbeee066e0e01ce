from hero_tracing import flow


def records(fasta: str) -> dict[str, str]:
    parts = [entry.split("\n", 1) for entry in fasta.split(">") if entry.strip()]
    return {header.split()[0]: body.replace("\n", "").upper() for header, body in parts}


@flow
def main(fasta: str) -> dict[str, float]:
    """GC content of the sequences of a FASTA file."""
    return {name: (s.count("G") + s.count("C")) / max(len(s), 1) for name, s in records(fasta).items()}
