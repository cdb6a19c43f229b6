"""Fields of frozen dataclasses: to JSON and back, amended by a dotted path, made from one line of text.

The command line's flags, scikit-learn's parameters and the JSON on disk all become families here:
`{"is": "VAE", "latent": 16, "network": {"is": "MLP", "width": 64}}`.
"""

import math
import types
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from likely.errors import FieldError
from likely.names import base_of, lookup, squashed, table
from likely.suggestion import meant, shown

LARGEST = 2**53  # integers beyond are not exact in JSON
DEEPEST = 16  # nesting of a description


def to_json(value: Any) -> Any:
    """A description as plain JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {"is": type(value).__name__} | {f.name: to_json(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Enum):
        return value.name.lower()
    if isinstance(value, tuple | list):
        return [to_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"is": "number", "value": repr(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise FieldError(f"{value!r} cannot be described in JSON", expected="numbers, text, lists and described objects")


def from_json(said: Any, base: str, depth: int = 0) -> Any:
    """The object that `said` describes; names are looked up in `base`'s table, types are checked."""
    if not isinstance(said, dict) or not isinstance(said.get("is"), str):
        raise FieldError(f"{said!r:.80} describes no {base.lower()}", expected='an object {"is": NAME, ...}')
    if depth > DEEPEST:
        raise FieldError("a description is nested too deeply", expected=f"at most {DEEPEST} levels")
    kind = lookup(base, said["is"])
    hints = get_type_hints(kind)
    known = {f.name for f in fields(kind)}
    if unknown := set(said) - known - {"is"}:
        raise FieldError(f"{said['is']} has no field {shown(sorted(unknown))}", expected=f"fields {shown(known, 20)}")
    values = {name: _checked(said[name], hints[name], f"{said['is']}.{name}", depth) for name in known & set(said)}
    return _made(kind, values)


def _made(kind: type, values: Mapping[str, Any]) -> Any:
    try:
        return kind(**values)
    except FieldError:
        raise
    except (TypeError, ValueError) as error:
        raise FieldError(f"{kind.__name__} cannot be made from {dict(values)!r:.200}: {error}") from error


def _checked(said: Any, hint: Any, where: str, depth: int) -> Any:
    """A JSON value as the annotated type, or an error that says where."""
    if isinstance(said, dict) and said.get("is") == "number":
        said = float(str(said.get("value")))
    options = get_args(hint) if _is_union(hint) else (hint,)
    for option in options:
        fits, value = _fitting(said, option, where, depth)
        if fits:
            return value
    raise FieldError(f"{where} cannot be {said!r:.80}", expected=told_type(hint))


def _fitting(said: Any, option: Any, where: str, depth: int) -> tuple[bool, Any]:
    """Whether a JSON value fits one type, and the value it stands for."""
    match said:
        case None:
            return option is type(None), None
        case bool():
            return option is bool, said
        case int():
            if abs(said) > LARGEST:
                raise FieldError(f"{where} is too large: {said:.3g}", expected="an integer below 2^53")
            return option in (int, float), float(said) if option is float else said
        case float():
            return option is float, said
        case str():
            return _fitting_text(said, option)
        case list():
            return _fitting_list(said, option, where, depth)
        case dict():
            base = base_of(option) if isinstance(option, type) else None
            return base is not None, from_json(said, base, depth + 1) if base else None
    return False, None


def _fitting_text(said: str, option: Any) -> tuple[bool, Any]:
    if isinstance(option, type) and issubclass(option, Enum):
        return said.upper() in option.__members__, option.__members__.get(said.upper())
    return option is str, said


def _fitting_list(said: list[Any], option: Any, where: str, depth: int) -> tuple[bool, Any]:
    if get_origin(option) is not tuple:
        return False, None
    kinds = get_args(option)
    each = [kinds[0]] * len(said) if len(kinds) == 2 and kinds[1] is Ellipsis else list(kinds)
    if len(each) != len(said):
        return False, None
    return True, tuple(_checked(item, kind, where, depth) for item, kind in zip(said, each, strict=True))


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def told_type(hint: Any) -> str:
    """A type in a person's words."""
    if _is_union(hint):
        return " or ".join(told_type(option) for option in get_args(hint))
    if get_origin(hint) is tuple:
        return "a list of " + told_type(get_args(hint)[0])
    if hint is type(None):
        return "none"
    if isinstance(hint, type) and (base := base_of(hint)):
        return f"a {base.lower()} ({', '.join(table(base))})"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return "one of " + ", ".join(name.lower() for name in hint.__members__)
    return {int: "an integer", float: "a number", bool: "true or false", str: "text"}.get(hint, str(hint))


# A field by its path -------------------------------------------------------------------------------------------------


def amended(described: Any, path: str, value: Any) -> Any:
    """The description with one field changed: amended(vae, "network.width", "64"); text is read by the field's type."""
    return changed(described, [(path, value)])


def changed(described: Any, changes: Iterable[tuple[str, Any]]) -> Any:
    """The description with several fields changed at once: half of the changes may make no sense by themselves."""
    told: dict[str, list[tuple[str, Any]]] = {}
    for path, value in changes:
        first, _, rest = path.replace("__", ".").partition(".")
        name = _field_name(described, first)
        told[name] = [*(told.get(name, []) if rest else []), (rest, value)]  # a field said anew forgets its own fields
    now = {f.name: getattr(described, f.name) for f in fields(described)}
    return _made(type(described), now | {name: _changed(described, name, each) for name, each in told.items()})


def _changed(described: Any, name: str, changes: list[tuple[str, Any]]) -> Any:
    """One field, said anew if the first of its changes has no path, and what is changed inside."""
    value, where = getattr(described, name), f"{type(described).__name__}.{name}"
    if not changes[0][0]:
        (_, said), *changes = changes
        hint = get_type_hints(type(described))[name]
        value = parsed_text(said, hint, where) if isinstance(said, str) else _checked(to_json(said), hint, where, 0)
    if not changes:
        return value
    if value is None:
        raise FieldError(f"{where} is not set, so it has no '{changes[0][0]}'", remedy=f"name it first: {name}=NAME")
    return changed(value, changes)


def _field_name(described: Any, name: str) -> str:
    known = {squashed(f.name): f.name for f in fields(described)}
    if squashed(name) not in known:
        what, names = f"{type(described).__name__} has no field '{name}'", list(known.values())
        raise FieldError(what, expected=", ".join(names), remedy=meant(name, names))
    return known[squashed(name)]


def parsed_text(text: str, hint: Any, where: str) -> Any:
    """A flag's text as the annotated type: 5, 0.1, true, none, 7,14, spline; with fields of its own mlp,width=64."""
    options = get_args(hint) if _is_union(hint) else (hint,)
    name, *changes = _split_commas(text)
    for base in (base_of(option) for option in options if isinstance(option, type)):
        if changes and base is not None and squashed(name) in map(squashed, table(base)):
            return made(base, text)
    for option in options:
        try:
            return _parsed_as(text.strip(), option)
        except ValueError:
            continue
    choices = [choice for option in options for choice in _choices(option)]
    raise FieldError(f"{where} cannot be '{text}'", expected=told_type(hint), remedy=meant(text, choices))


def _choices(option: Any) -> list[str]:
    """The words that a type can be."""
    if isinstance(option, type) and issubclass(option, Enum):
        return [name.lower() for name in option.__members__]
    base = base_of(option) if isinstance(option, type) else None
    return list(table(base)) if base else []


def _parsed_as(text: str, option: Any) -> Any:
    """The text as one type; ValueError where it does not fit (FieldError is one)."""
    if option is type(None) and text.casefold() in ("none", "null", ""):
        return None
    if option is bool and text.casefold() in ("true", "false", "yes", "no", "on", "off"):
        return text.casefold() in ("true", "yes", "on")
    if option in (int, float) or option is str:
        return option(text)
    if get_origin(option) is tuple:
        return _parsed_tuple([part for part in text.strip("()[] ").split(",") if part.strip()], get_args(option))
    if isinstance(option, type) and issubclass(option, Enum):
        return option[text.upper()]
    if isinstance(option, type) and (base := base_of(option)):
        return lookup(base, text)()
    raise ValueError(text)


def _parsed_tuple(parts: list[str], kinds: tuple[Any, ...]) -> tuple[Any, ...]:
    each = [kinds[0]] * len(parts) if len(kinds) == 2 and kinds[1] is Ellipsis else list(kinds)
    if len(each) != len(parts):
        raise ValueError(parts)
    return tuple(_parsed_as(part.strip(), kind) for part, kind in zip(parts, each, strict=True))


def made(base: str, text: str) -> Any:
    """An object from one line: "vae,latent=16,network=mlp,network.width=64"."""
    name, *changes = _split_commas(text)
    pairs = []
    for change in changes:
        path, equals, value = change.partition("=")
        if not equals:
            raise FieldError(f"'{change}' is not a field", expected="NAME,field=value,field.field=value")
        pairs.append((path.strip(), value))
    return changed(_made(lookup(base, name), {}), pairs)


def _split_commas(text: str) -> list[str]:
    """Parts at commas outside brackets: multipliers=(1,2) stays whole."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
