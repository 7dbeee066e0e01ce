from hero_tracing import flow

BASES = "TCAG"
AMINO_ACIDS = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODONS = dict(zip((a + b + c for a in BASES for b in BASES for c in BASES), AMINO_ACIDS, strict=True))


@flow
def main(sequence: str, frame: int = 0) -> str:
    """Translates a DNA sequence into a protein, from the first start codon to the stop codon."""
    dna = sequence.upper().replace("U", "T")[frame:]
    start = dna.find("ATG")
    if start < 0:
        raise flow.Failed("no start codon")
    protein = ""
    for at in range(start, len(dna) - 2, 3):
        acid = CODONS[dna[at : at + 3]]
        if acid == "*":
            break
        protein += acid
    return protein
