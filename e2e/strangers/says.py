"""Says what a stream of events might break at, and asks in between."""

from hero_tracing import ask_user, flow

SAID = [
    "plain",
    "carriage\rreturn",
    "crlf at the end\r",
    "nul\0inside",
    "data: forged",
    "\r\r",
    "id: 999",
    "event: end",
    ": no comment",
    "retry: 1",
    "line separator\u2028paragraph\u2029next\x85form\x0cfeed",
    "bom\ufeff",
    "\U0001f600 beyond the plane",
    "}]}</script>",
]


@flow
def say(text: str) -> str:
    flow.current_span.log(text)
    return text


@flow
def main() -> str:
    for text in SAID:
        say(text)
    flow.current_span.log("half a pair \ud800 of surrogates")
    print("two\n\nlines\r\nand a third")
    name = ask_user.text("Who asks?")
    for number in range(20):
        say(f"{number} {name}")
    return name
