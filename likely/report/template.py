"""Templates filled in and written whole."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

from likely.atomic import appearing
from likely.report.palette import DARK, LIGHT, SERIES, SHADE


def written(path: str | Path, template: str, **filled: Any) -> Path:
    """The template filled in; the file appears whole or not at all."""
    page = rendered(template, **filled)
    with appearing(Path(path), remedy="choose another place with -o") as part:
        part.write_text(page, encoding="utf-8", errors="replace")
    return Path(path)


def rendered(template: str, **filled: Any) -> str:
    """The template filled in, in the page's colours."""
    environment = Environment(
        loader=FunctionLoader(lambda name: files("likely.report").joinpath(name).read_text(encoding="utf-8")),
        autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.globals |= {"light": LIGHT, "dark": DARK, "shade": SHADE, "series": SERIES}
    return environment.get_template(template).render(**filled)


def named(source: str) -> str:
    """A path's last part."""
    return source.rstrip("/").rpartition("/")[2] or source
