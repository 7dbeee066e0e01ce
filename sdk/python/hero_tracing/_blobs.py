"""Values too large for a line: files named by the SHA-256 of their content. Knows nothing of what they hold."""

from __future__ import annotations

import os

from ._errors import NotRecordable

# Beyond this a value belongs into a file of the flow's own, of which the step gives the path.
BLOB_BYTES_MAX = 64 << 20


def write(directory: str, data: bytes, what: str) -> tuple[str, int]:
    """Digest and size of the file that holds `data` when this returns, through power loss too."""
    if len(data) > BLOB_BYTES_MAX:
        hint = "write it to a file in flow.workdir and give its path"
        message = f"cannot record {what}: {len(data)} bytes are more than {BLOB_BYTES_MAX}; {hint}"
        raise NotRecordable(message, hint=hint)
    from hashlib import sha256

    digest = sha256(data).hexdigest()
    path = os.path.join(directory, digest)
    if not os.path.exists(path):
        is_first = not os.path.isdir(directory)
        os.makedirs(directory, exist_ok=True)
        draft = f"{path}.{os.getpid()}.{os.urandom(4).hex()}"
        with open(draft, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.rename(draft, path)
        _sync(directory)
        if is_first:
            _sync(os.path.dirname(directory))
    return digest, len(data)


def _sync(directory: str) -> None:
    """Make the names in it durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(directory: str, digest: str) -> str:
    """The text that was written. OSError if it is gone."""
    with open(os.path.join(directory, digest), "rb") as file:
        return file.read().decode()
