import re
from collections import Counter

from hero_tracing import flow

STOP = set("the a an and or of to in on for with is are was were be by it this that as at from".split())


@flow
def main(text: str, count: int = 10) -> list[str]:
    """The most telling words and pairs of words of a text."""
    words = [word for word in re.findall(r"[a-z]{3,}", text.lower()) if word not in STOP]
    pairs = [" ".join(pair) for pair in zip(words, words[1:], strict=False)]
    frequent = Counter(words) + Counter({pair: n * 2 for pair, n in Counter(pairs).items() if n > 1})
    return [term for term, _ in frequent.most_common(count)]
