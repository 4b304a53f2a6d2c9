"""The demo's report: one HTML file with the tables and pictures inside, to look at and to send on."""

import base64
import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.15rem; margin-top: 2.2rem }
table { border-collapse: collapse; margin: .6rem 0 } th, td { padding: .3rem .9rem; border-bottom: 1px solid #ddd }
td + td, th + th { text-align: right; font-variant-numeric: tabular-nums } th { text-align: left; color: #555 }
img { max-width: 100% } pre { background: #f6f6f4; padding: .8rem; overflow-x: auto }
.fact { color: #555 }
"""


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are text already."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass
class Report:
    """Collects the parts of the story in the order in which they happen."""

    title: str
    _parts: list[str] = field(default_factory=list)

    def paragraph(self, text: str) -> None:
        self._parts.append(f"<p class='fact'>{html.escape(text)}</p>")

    def table(self, table: Table) -> None:
        self._parts.append(f"<h2>{html.escape(table.title)}</h2>")
        body = "".join(_row("td", row) for row in table.rows)
        self._parts.append(f"<table><thead>{_row('th', table.columns)}</thead><tbody>{body}</tbody></table>")

    def picture(self, title: str, png: bytes) -> None:
        encoded = base64.b64encode(png).decode()
        self._parts.append(f"<h2>{html.escape(title)}</h2>")
        self._parts.append(f"<img alt='{html.escape(title)}' src='data:image/png;base64,{encoded}'>")

    def listing(self, title: str, text: str) -> None:
        self._parts.append(f"<h2>{html.escape(title)}</h2><pre>{html.escape(text)}</pre>")

    def write(self, path: Path) -> Path:
        """Writes the file and returns its absolute path."""
        title = html.escape(self.title)
        head = f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{title}</title><style>{_STYLE}</style>"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{head}<h1>{title}</h1>{''.join(self._parts)}</html>\n")
        return path.resolve()


def _row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"
