"""Templates filled in and written whole."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

from likely.atomic import appearing


def written(path: str | Path, template: str, **filled: Any) -> Path:
    """The template filled in; the file appears whole or not at all."""
    environment = Environment(
        loader=FunctionLoader(lambda name: files("likely.report").joinpath(name).read_text(encoding="utf-8")),
        autoescape=select_autoescape(default=True), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    with appearing(Path(path), remedy="choose another place with -o") as part:
        page = environment.get_template(template).render(**filled)
        part.write_text(page, encoding="utf-8", errors="replace")
    return Path(path)


def named(source: str) -> str:
    """A path's last part."""
    return source.rstrip("/").rpartition("/")[2] or source
