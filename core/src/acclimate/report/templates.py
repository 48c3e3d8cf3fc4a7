"""Pages from templates: all text from data is escaped, and the style stands inside."""

from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

_OWN = files("acclimate.report")


def rendered(template: str, **content: Any) -> str:
    """Return a page by the name of its template; `content` is what it shows."""
    environment = Environment(
        loader=FunctionLoader(_text),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(style=Markup(_text("style.css")), **content)


def _text(name: str) -> str:
    return _OWN.joinpath(name).read_text(encoding="utf-8")
