"""Errors: a call that came to nothing."""


class HeroLogicError(Exception):
    """A call that came to nothing. Each code has a class beneath this one; a code of a newer server has this one.

    `code` is stable and for programs, `number` is the same in JSON-RPC, `hint` says what to do next, and `fields` says
    which parts of the inputs, the payload or the parameters do not fit.
    """

    code: str = ""
    number: int = 0

    def __init__(self, message: str, *, hint: str | None = None, fields: Sequence[FieldError] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.fields = list(fields)
        for field in self.fields:
            self.add_note(f"{field['pointer'] or 'the whole'}: {field['message']}")
        if hint is not None:
            self.add_note(hint)


# {kinds}


_ERRORS = {kind.code: kind for kind in HeroLogicError.__subclasses__()}


def _error(failure: Json) -> HeroLogicError:
    """An error of JSON-RPC."""
    data = failure.get("data") or {}
    code = data.get("code", "")
    kind = _ERRORS.get(code, HeroLogicError)
    error = kind(failure["message"], hint=data.get("hint"), fields=data.get("fields", ()))
    error.code, error.number = code, failure["code"]
    return error
