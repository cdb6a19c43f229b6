"""Errors say what, what was expected, what to do, and carry an exit code of their own."""

import inspect

from likely import errors


def test_an_error_has_three_sentences():
    told = str(errors.DataError("no rows", expected="at least one", remedy="check the file"))
    assert told == "no rows\nExpected: at least one\nTry: check the file"


def test_every_error_has_an_exit_code_and_one_root():
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    assert all(issubclass(kind, errors.LikelyError) and 0 < kind.exit_code < 256 for kind in kinds)


def test_a_missing_file_prints_like_the_others():
    assert str(errors.MissingFile("nothing at x", remedy="look there")) == "nothing at x\nTry: look there"


def test_errors_are_also_what_python_people_catch():
    assert issubclass(errors.DataError, ValueError)
    assert issubclass(errors.MissingFile, FileNotFoundError)
    assert issubclass(errors.CannotAnswer, TypeError)
