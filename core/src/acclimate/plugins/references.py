"""Checks that a reference resolves by reading source text, so that no heavy library is imported to find out."""

import ast
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder

from acclimate.contracts import Ref, did_you_mean

_DYNAMIC = {"globals", "setattr", "exec", "vars", "locals", "__getattr__"}


def reference_problem(reference: Ref) -> str:
    """Return why a reference cannot resolve, or "" when it resolves or only an import could tell."""
    module, _, attribute = reference.partition(":")
    if attribute in vars(sys.modules.get(module, object)):
        return ""
    spec = _find(module)
    if spec is None:
        return f"there is no module {module!r}"
    source = _source(spec)
    if source is None:
        return ""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return f"the module {module!r} has a syntax error in line {error.lineno}"
    names = set(_names(tree.body))
    if attribute in names or _is_dynamic(tree):
        return ""
    return f"the module {module!r} has no {attribute!r}. {did_you_mean(attribute, names)}"


def _find(module: str) -> ModuleSpec | None:
    """Find a module's file; unlike `importlib.util.find_spec`, import none of the packages it lies in."""
    top, *rest = module.split(".")
    spec = _loaded_spec(top) or importlib.util.find_spec(top)
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        name = f"{spec.name}.{part}"
        spec = _loaded_spec(name) or PathFinder.find_spec(name, list(spec.submodule_search_locations))
    return spec


def _loaded_spec(module: str) -> ModuleSpec | None:
    return getattr(sys.modules.get(module), "__spec__", None)


def _source(spec: ModuleSpec) -> str | None:
    """Return the text of a module, None for compiled modules and namespace packages."""
    get_source = getattr(spec.loader, "get_source", None)
    try:
        return get_source(spec.name) if get_source else None
    except ImportError:
        return None


def _is_dynamic(tree: ast.Module) -> bool:
    """Tell whether a module makes names that its text does not show."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return True
        if (
            isinstance(node, ast.Name | ast.FunctionDef)
            and getattr(node, "id", getattr(node, "name", "")) in _DYNAMIC
        ):
            return True
    return False


def _names(body: Sequence[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements bind at the top level, also inside `if`, `try`, `with` and loops."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in statement.names)
        else:
            yield from _bound(statement)


def _bound(statement: ast.stmt) -> Iterator[str]:
    inner: list[ast.stmt] = []
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt):
            inner.append(child)
        elif isinstance(child, ast.ExceptHandler | ast.match_case):
            inner.extend(child.body)
        else:
            stored = (node for node in ast.walk(child) if isinstance(node, ast.Name))
            yield from (node.id for node in stored if isinstance(node.ctx, ast.Store))
    yield from _names(inner)
