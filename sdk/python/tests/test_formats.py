"""The texts that the conversions take and refuse are those by which the runtime checks inputs beforehand.

`formats.json` is read by the tests of `actors/src/play/validate.rs` as well.
"""

from __future__ import annotations

import datetime
import json
import uuid
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from hero_tracing import flow, testing
from hero_tracing._errors import InvalidInputs
from hero_tracing._schema import convert_inputs, flow_schema

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "formats.json").read_text())

TYPES: dict[str, type] = {
    "date-time": datetime.datetime,
    "date": datetime.date,
    "time": datetime.time,
    "uuid": uuid.UUID,
    "decimal": Decimal,
    "fraction": Fraction,
    "base64": bytes,
}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["value"])
def test_conversions_agree_with_the_runtime(vector: dict[str, Any]) -> None:
    def main(it: Any) -> None: ...

    main.__annotations__["it"] = TYPES[vector["value"]]
    assert flow_schema(main)["inputs"]["properties"]["it"][vector["keyword"]] == vector["value"]
    for text in vector["accepted"]:
        convert_inputs(main, {"it": text})
    for text in vector["refused"]:
        with pytest.raises(InvalidInputs):
            pytest.fail(f"{text!r} was read as {convert_inputs(main, {'it': text})}")


def test_what_a_flow_gives_is_of_its_format() -> None:
    """The runtime holds outputs against the same formats, so what is written must be among what is taken."""

    @flow
    def main() -> list[Any]:
        zone = datetime.timezone(-datetime.timedelta(hours=3, seconds=1, microseconds=2))
        return [datetime.datetime(1, 2, 3, 4, 5, 6, 7, zone), datetime.time(1, tzinfo=zone), Decimal("-sNaN12")]

    accepted = {vector["value"]: vector["accepted"] for vector in VECTORS}
    written = testing.run(main, process=True).value
    assert written == [accepted["date-time"][-1], accepted["time"][-1], accepted["decimal"][-1]]
