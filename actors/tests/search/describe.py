"""Writes into library.json how hero_logic describes the flows: `python describe.py path/to/hero_logic`.

Names, files and tags are written by hand and stay. Description, inputs and outputs are what `workflow show`
gives once the file was saved with `workflow add`, in a home of its own that is gone afterwards. A flow that
hero_logic refuses ends it, and nothing is written then.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def describe(binary: str, home: str, entry: dict) -> dict:
    def run(*arguments: str) -> str:
        command = [binary, "workflow", *arguments, "--home", home, "--embedded"]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    tags = [word for tag in entry["tags"] for word in ("--tag", tag)]
    run("add", str(HERE / entry["file"]), "--name", entry["name"], "--quiet", *tags)
    shown = json.loads(run("show", entry["name"], "--json"))
    workflow, version = shown["workflow"], shown["version"]
    return {
        "name": workflow["name"],
        "file": entry["file"],
        "description": workflow["description"],
        "tags": workflow["tags"],
        "inputs": version["inputs"],
        "outputs": version["outputs"],
    }


def main() -> None:
    library = HERE / "library.json"
    binary = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as home:
        entries = [describe(binary, home, entry) for entry in json.loads(library.read_text())]
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in entries)
    library.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
