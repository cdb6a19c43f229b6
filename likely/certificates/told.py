"""Certificates in words and letters, for a terminal."""

from likely.certificates.certificate import Certificates, Dependence

MARKS = {"passed": "passed", "failed": "FAILED", "not applicable": "–"}
NARROW = 30  # columns of a matrix that a terminal holds
LETTERS = 24  # of a name


def summary(found: Certificates) -> str:
    """How many checks there were, and how they went."""
    outcomes = [check.outcome for check in found.checks]
    counts = [(f"{outcomes.count(outcome)} {outcome}") for outcome in MARKS if outcome in outcomes]
    kind = "held-out" if found.held_out else "training"
    return f"{', '.join(counts)} on {found.rows:,} {kind} rows in {found.seconds:.1f} s (at most {found.cap:g} s)"


def rows_of(found: Certificates) -> list[tuple[str, str, str, str]]:
    """A line a check."""
    return [(check.name, MARKS[check.outcome], check.said, f"{check.seconds:.2f}") for check in found.checks]


def drawn(dependence: Dependence) -> list[str]:
    """The matrix: a digit where a row's column depends on another, by how much; a dot where it does not at all."""
    names = [*dependence.names, *dependence.given]
    if len(names) > NARROW:
        return [f"dependence of {len(names)} columns: see --json, or the report of likely compare"]
    top = strongest(dependence)
    head = f"dependence, in {dependence.unit} (9: {top:.3g}; dot: none; each row on each column)"
    width, place = min(max(map(len, names)), LETTERS), len(str(len(names)))
    lines = [head, " " * (place + width + 2) + " ".join(f"{i + 1:>{place}}" for i in range(len(names)))]
    for i, row in enumerate(dependence.strength):
        cells = " ".join(f"{'-' if i == j else digit(value, top):>{place}}" for j, value in enumerate(row))
        lines.append(f"{i + 1:>{place}} {names[i][:width]:<{width}} {cells}")
    first = len(dependence.names)
    return lines + [f"{first + j + 1:>{place}} {name[:width]} (given)" for j, name in enumerate(dependence.given)]


def strongest(dependence: Dependence) -> float:
    """The largest entry off the diagonal."""
    rows = enumerate(dependence.strength)
    return max((value for i, row in rows for j, value in enumerate(row) if i != j), default=0.0)


def digit(value: float, top: float) -> str:
    """1 to 9 in equal steps of the square root, so that weak ones are told apart."""
    return "." if value <= 0 or top <= 0 else str(max(1, round(9 * (value / top) ** 0.5)))
