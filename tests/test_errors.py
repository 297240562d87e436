"""Refusals: who is at fault, the exit code, the words."""

import pytest

from cipherpost import errors
from cipherpost.errors import GRAVITY, CipherpostError, gravest

EXIT_CODES = {
    "CipherpostError": 1,
    "UnableError": 1,
    "NewerError": 1,
    "UseError": 2,
    "NotAuthenticError": 3,
    "MalformedError": 3,
    "TooLargeError": 3,
    "NotForUsError": 4,
    "StaleError": 5,
    "GapError": 6,
    "ForkError": 7,
}


def test_every_root_has_its_exit_code():
    found = {
        name: value.exit_code
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, CipherpostError)
    }
    assert found == EXIT_CODES


def test_a_root_derives_from_what_it_is_a_case_of():
    assert issubclass(errors.NewerError, errors.UnableError)
    assert issubclass(errors.TooLargeError, errors.MalformedError)
    assert issubclass(errors.MalformedError, errors.NotAuthenticError)


@pytest.mark.parametrize(
    ("codes", "grave"),
    [
        (set(), 0),
        ({0}, 0),
        ({0, 1}, 1),
        ({1, 4}, 4),
        ({4, 5}, 5),
        ({5, 6}, 6),
        ({6, 3}, 3),
        ({3, 7, 0}, 7),
        (frozenset({1, 3, 4, 5, 6, 7}), 7),
    ],
)
def test_a_batch_ends_with_its_gravest_code(codes, grave):
    assert gravest(codes) == grave


def test_gravity_names_every_code_of_a_batch_once():
    assert sorted(GRAVITY) == sorted(set(EXIT_CODES.values()) - {2})


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (CipherpostError("it is gone"), "it is gone"),
        (CipherpostError("it is gone", where="a/b"), "a/b: it is gone"),
        (CipherpostError("it is gone", rule="keep it"), "it is gone (keep it)"),
        (CipherpostError("it is gone", channel="tver/center", number=12), "tver/center/12: it is gone"),
        (CipherpostError("it is gone", channel="tver/center"), "tver/center: it is gone"),
        (CipherpostError("it is gone", where="x", channel="tver/center", number=1, rule="r"), "x: it is gone (r)"),
    ],
)
def test_i10_a_refusal_says_where_what_and_which_rule(error, text):
    assert str(error) == text


def test_i10_a_refusal_keeps_its_parts():
    error = errors.GapError("w", where="x", rule="r", hints=("cipherpost fetch",), channel="a/b", number=3)
    assert (error.what, error.where, error.rule, error.hints) == ("w", "x", "r", ("cipherpost fetch",))
    assert (error.channel, error.number, error.exit_code) == ("a/b", 3, 6)
