"""Every method of a hero_logic server as a typed Python method, sync and async. Standard library only, Python 3.11+.

    from hero_logic_client import Client

    with Client() as hero:
        play = hero.play_start("hello", inputs={"name": "Ada"})
        for page in hero.play_events(play["play_sid"]):
            for line in page["logs"]:
                print(line["text"])
        print(hero.play_status(play["play_sid"])["outputs"])

`Client()` talks to the server of this home over its socket; `Client("http://localhost:7410", token="…")` talks to one
on TCP. `AsyncClient` has the same methods as coroutines. `play_events` tells what happens in a play, `events` what
happens in all of the runtime. Results are the server's JSON as typed dicts. What goes wrong is an exception with a
class for each code, all beneath `HeroLogicError`.

Of hero_logic {version}, which prints this file by `hero_logic client python`. Do not edit it.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic, Literal, NewType, NotRequired, TypeAlias, TypedDict, TypeVar, cast, get_args
from urllib.parse import quote, urlencode, urlsplit

# {types}


# {errors}


# {wire}


# {feed}


# {blocking}


# {asynchronous}
