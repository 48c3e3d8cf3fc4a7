"""Method options: checked by name and type before anything is computed."""

from collections.abc import Mapping
from typing import Any

from acclimate.contracts import OptionError, did_you_mean


def read_options(method: str, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults with the given options in their place.

    Raises:
        OptionError: for a name the method does not know, or a value of another type.
    """
    options = dict(defaults)
    for name, value in given.items():
        if name not in defaults:
            raise OptionError(f"Method {method!r} has no option {name!r}.", did_you_mean(name, defaults))
        kind = type(defaults[name])
        if kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind:
            raise OptionError(
                f"Option {name!r} of method {method!r} is a {kind.__name__}, found {value!r}.",
                f"Its default is {defaults[name]!r}.",
            )
        options[name] = value
    return options
