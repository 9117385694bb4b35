from __future__ import annotations

import math
import time

import pytest

from klcli.divergences.expressions import DEEPEST, LONGEST, Call, parse
from klcli.errors import UsageError


def test_a_call():
    assert parse(" norm(0, scale=2.5e-1) ") == [(1.0, Call("norm", (0.0,), (("scale", 0.25),)))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-1", -1), ("+1", 1), ("1/3", 1 / 3), ("2*pi", 2 * math.pi), ("1 - 0.25", 0.75),
        ("e", math.e), ("-(1/2)", -0.5), ("10**9", 1e9), ("2**-1", 0.5), ("1e1_0", 1e10),
    ],
)  # fmt: skip
def test_numbers(text, value):
    assert parse(f"poisson({text})")[0][1].positional == (value,)


def test_lists():
    call = parse("multivariate_normal([0, -1], ((1, .5), [.5, 1]))")[0][1]
    assert call.positional == ((0, -1), ((1, 0.5), (0.5, 1)))


@pytest.mark.parametrize(
    "text",
    [
        "0.25*norm(0,1) + 0.75*norm(1,1)",
        "norm(0,1)*0.25 + norm(1,1)*(3/4)",
        "(1/4*norm(0,1) + 3/4*norm(1,1))",
        "norm(0,1)/4 + 0.75*norm(1,1) + 0*norm(5,1)",
    ],
)
def test_mixtures(text):
    found = parse(text)
    assert [weight for weight, _ in found] == [0.25, 0.75]
    assert [call.positional for _, call in found] == [(0, 1), (1, 1)]


def test_a_long_mixture():
    assert len(parse(" + ".join(["1/500*norm(0,1)"] * 500))) == 500


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "norm", "norm(0,1", "3", "'norm'", "norm(0,1); norm(1,1)", "x = norm(0,1)",
        "__import__('os').system('true')", "().__class__.__bases__", "norm.pdf(0)",
        "norm(norm(0,1))", "norm(abs(1))", "norm(0,1)(2)", "(lambda: 0)()", "norm(*[1])",
        "norm(**{})", "norm([x for x in 1])", "norm(x)", "norm(1j)", "norm(True)", "norm((-1)**0.5)", "norm(0**-1)", "norm(9**9**9)", "norm(2**1e9)",
        "norm(1//2)", "norm(1 if 1 else 2)", "norm(f'{1}')", "norm(b'1')", "norm(...)", "norm(1e400)",
        "norm(inf)", "norm(nan, 1)", "norm(1/0)", "norm(0,1) - norm(1,1)", "norm(0,1) + norm(1,1)",
        "norm(0,1)*norm(1,1)", "0.5*norm(0,1) + 0.6*norm(1,1)", "-0.5*norm(0,1) + 1.5*norm(1,1)",
        "2*norm(0,1)", "norm(loc=1, loc=2)", "norm(0,1)\x00", "norm(9" + "9" * 5000 + ")", "norm(0b2)",
        "norm((yield))", "norm(a:=1)", "@", "norm(\\q)", "norm({1})", "ＮＯＲＭ＿(",
        "nan*norm(0,1) + 0.5*norm(1,1)", "norm(0,1)/0",
        "(" * 100_000, "[" * (DEEPEST + 1), "norm(" * 5000, "norm(" + "-" * 19_000 + "1)",
        "norm(" + "1+" * 9_000 + "1)", "1*" * 9_000 + "norm(0,1)", "+".join(["1"] * 9_000),
        "a" * 1_000_000, "norm(0,1)" + " " * LONGEST, "norm(" + "1," * 9_900 + ",)",
        ".".join(["a"] * 9_000), "norm(0,1) + " * 1_600, "not " * 4_000, "x=" * 9_000,
    ],
    ids=lambda text: repr(text[:30]),
)  # fmt: skip
def test_hostile_or_wrong(text):
    start = time.process_time()
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert time.process_time() - start < 1
    assert caught.value.hint
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 200
