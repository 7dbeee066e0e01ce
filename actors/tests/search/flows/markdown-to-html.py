import html
import re

from hero_tracing import flow


def inline(line: str) -> str:
    line = html.escape(line, quote=False)
    line = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", line)
    line = re.sub(r"\[([^\]]+)\]\(([^)]+)\)", r'<a href="\2">\1</a>', line)
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", line)


@flow
def main(markdown: str) -> str:
    """Renders Markdown as HTML. Knows headings, lists, bold text, links and code; no tables."""
    blocks = []
    for block in re.split(r"\n{2,}", markdown.strip()):
        if heading := re.match(r"(#{1,6}) (.+)", block):
            level = len(heading[1])
            blocks.append(f"<h{level}>{inline(heading[2])}</h{level}>")
        elif block.startswith("- "):
            items = "".join(f"<li>{inline(item[2:])}</li>" for item in block.splitlines())
            blocks.append(f"<ul>{items}</ul>")
        else:
            blocks.append(f"<p>{inline(block)}</p>")
    return "\n".join(blocks)
