"""What the fork server imports ahead of plays, so that a play finds it there: in its process, in memory that all share.

Only modules of the standard library that start no thread and open no descriptor, and only those for which plays have
asked: each module makes every fork a little slower, whether its play needs the module or not.
"""

from __future__ import annotations

import importlib
import os
import sys

from . import _kernel, _scheduling

# How often a module must be asked for.
WISHES = 2
_NAMES = """
asyncio base64 bisect calendar collections collections.abc concurrent.futures configparser contextlib copy csv
dataclasses datetime decimal difflib email email.message enum fractions functools glob gzip hashlib heapq hmac html
html.parser http http.client inspect io itertools json logging math mimetypes operator os os.path pathlib pprint queue
random re secrets shlex shutil socket sqlite3 ssl statistics string subprocess tempfile textwrap threading time timeit
traceback typing unicodedata urllib.error urllib.parse urllib.request uuid xml.etree.ElementTree zipfile zlib zoneinfo
"""
_MODULES = frozenset(_NAMES.split())
# What is imported with a module, in this order, so that no single import takes long. Of this package: what a play
# imports once its flow has imported the module.
_WITH = {
    "asyncio": ("ssl", "subprocess", "concurrent.futures.thread", "asyncio", "._loop", "._acall", "._async_fan_out"),
    "concurrent.futures": ("concurrent.futures.thread", "._picks"),
    "urllib.request": ("email.parser", "http.client", "urllib.request"),
}


def may_load(name: str) -> bool:
    """Whether it is one of those."""
    return name in _MODULES


def steps(name: str) -> tuple[str, ...]:
    """What to import for this module, one after the other; nothing where it is there or none that is preloaded."""
    return () if name in sys.modules or name not in _MODULES else _WITH.get(name, (name,))


def compile_package() -> int | None:
    """Have a process compile what is not compiled yet of this package; its number, or None where nothing is to be done.

    What a play imports late would be compiled by each play anew: it may not write it down.
    """
    package = os.path.dirname(os.path.abspath(__file__))
    names = [name.removesuffix(".py") for name in os.listdir(package) if name.endswith(".py")]
    missing = [name for name in names if not _is_compiled(package, name)]
    if not missing or sys.dont_write_bytecode:
        return None
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            _kernel.prctl("pdeathsig", _kernel.PR_SET_PDEATHSIG, 9)
            _scheduling.give_way()
            from importlib.machinery import SourceFileLoader

            for name in missing:
                if os.getppid() == parent:
                    SourceFileLoader(f"{__package__}.{name}", os.path.join(package, f"{name}.py")).get_code(
                        f"{__package__}.{name}"
                    )
        finally:
            os._exit(0)
    return pid


def _is_compiled(package: str, name: str) -> bool:
    compiled = os.path.join(package, "__pycache__", f"{name}.{sys.implementation.cache_tag}.pyc")
    try:
        return os.stat(compiled).st_mtime >= os.stat(os.path.join(package, f"{name}.py")).st_mtime
    except OSError:
        return False


def load(step: str) -> None:
    """Import one of `steps`. Raises what importing raises: trimmed interpreters lack some."""
    importlib.import_module(step, __package__)
