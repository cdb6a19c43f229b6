"""Every module has its test file, at the same path."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
ELSEWHERE = {
    "bijections/bijection.py",  # only abstract
    "objectives/energetic.py",  # tests/families/test_energy.py: only abstract
    "run.py",  # tests/test_fitting.py: a run is what fit and resume do
    "streamed.py",  # tests/test_fitting.py: a file too large for memory
}


def test_every_module_has_its_test_file():
    modules = {
        path.relative_to(ROOT / "likely") for path in (ROOT / "likely").rglob("*.py") if path.name != "__init__.py"
    }
    lacking = {str(m) for m in modules if not (ROOT / "tests" / m.parent / f"test_{m.name}").is_file()}
    assert lacking == ELSEWHERE
