"""The size budgets: files under 400 lines, families under 250, no function body over 60, most of them short.

Run as `python scripts/budgets.py`; it prints what is over and exits 1, or the medians and exits 0.
"""

import ast
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1] / "likely"
FILE_LINES, FAMILY_LINES, BODY_LINES = 400, 250, 60
MEDIAN_BODY, NINETIETH_BODY = 7, 25


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef, lines: list[str]) -> int:
    """Lines of a function's body without its docstring, comments and blank lines."""
    statements = node.body[1:] if ast.get_docstring(node) else node.body
    if not statements:
        return 0
    span = lines[statements[0].lineno - 1 : statements[-1].end_lineno]
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in span)


def measured(path: Path) -> tuple[int, dict[str, int]]:
    """A file's length and the body length of each of its functions."""
    source = path.read_text(encoding="utf-8")
    lines = source.splitlines()
    functions = [
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return len(lines), {f"{node.name}:{node.lineno}": body_lines(node, lines) for node in functions}


def complaints(path: Path, length: int, bodies: dict[str, int]) -> list[str]:
    """What in this file is over its budget."""
    limit = FAMILY_LINES if path.parent.name == "families" else FILE_LINES
    told = [f"{path}: {length} lines, the budget is {limit}"] if length > limit else []
    return told + [
        f"{path}:{name}: {body} lines, the budget is {BODY_LINES}" for name, body in bodies.items() if body > BODY_LINES
    ]


def main() -> int:
    """Check every file of the package."""
    told, bodies = [], []
    for path in sorted(ROOT.rglob("*.py")):
        length, found = measured(path)
        told += complaints(path.relative_to(ROOT.parent), length, found)
        bodies += found.values()
    median, ninetieth = statistics.median(bodies), statistics.quantiles(bodies, n=10)[-1]
    if median > MEDIAN_BODY or ninetieth > NINETIETH_BODY:
        told.append(
            f"function bodies: median {median}, 90th percentile {ninetieth}; budgets {MEDIAN_BODY}, {NINETIETH_BODY}"
        )
    print("\n".join(told) or f"{len(bodies)} functions: median body {median} lines, 90th percentile {ninetieth:.0f}")
    return bool(told)


if __name__ == "__main__":
    sys.exit(main())
