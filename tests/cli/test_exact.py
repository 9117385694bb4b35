from __future__ import annotations

import csv
import io
import json
import math
import os
import subprocess
import sys
import time

import jsonschema
import numpy as np
import polars as pl
import pytest

import klcli
from klcli.divergences.build import distribution
from klcli.divergences.expressions import LONGEST

P, Q = "norm(0, 1)", "norm(1, 2)"
FORWARD, REVERSE = math.log(2) - 1 / 4, 2 - math.log(2)
MONTE_CARLO = (
    (
        "0.5*multivariate_normal([0, 0], [[1, 0], [0, 1]]) + "
        "0.5*multivariate_normal([3, 0], [[1, 0], [0, 1]])"
    ),
    "multivariate_normal([1, 0], [[4, 0], [0, 1]])",
)

PAIR = ("norm(0, 1)", "norm(1, 2)")


def test_a_table(kl):
    code, out, err = kl("exact", P, Q, "--format", "table", "-v")
    assert (code, err) == (0, "")
    assert out == (
        "P  norm(loc=0, scale=1)\n"
        "Q  norm(loc=1, scale=2)\n"
        "Kullback–Leibler divergence in nats\n"
        "D(P‖Q) is the cross-entropy of P and Q less the entropy of P\n"
        "\n"
        "        divergence  entropy  cross-entropy   error  method\n"
        "D(P‖Q)     0.44315  1.41894        1.86209  ≤4e-16  closed form\n"
        "D(Q‖P)     1.30685  2.11209        3.41894  ≤1e-15  closed form\n"
        "\n"
        "D(P‖Q): log(σ2/σ1) + (σ1² + (μ1 − μ2)²)/(2σ2²) − 1/2 with 1 = P, 2 = Q\n"
        "D(P‖Q): source: Kullback, Information Theory and Statistics (1959), chapter 9\n"
        "D(P‖Q): entropy of P 1.418938533, within 1e-15\n"
        "D(Q‖P): log(σ2/σ1) + (σ1² + (μ1 − μ2)²)/(2σ2²) − 1/2 with 1 = Q, 2 = P\n"
        "D(Q‖P): source: Kullback, Information Theory and Statistics (1959), chapter 9\n"
        "D(Q‖P): entropy of Q 2.112085714, within 2e-15\n"
    )


@pytest.mark.parametrize(
    ("pair", "direction"),
    [
        ((P, Q), "both"), ((P, Q), "forward"), ((P, Q), "reverse"), (MONTE_CARLO, "both"),
        (("norm()", "uniform()"), "both"), (("norm()", "t(3)"), "both"),
        (("poisson(3)", "binom(10, 0.3)"), "both"),
        (("categorical(a=0.5, b=0.5)", "categorical(a=1)"), "both"),
        (("poisson(1e12)", "nbinom(1e12, 0.5)"), "forward"),
    ],
)  # fmt: skip
def test_json_follows_its_schema_and_adds_up(kl, pair, direction):
    schema = json.loads(kl("schema", "exact")[1])
    code, out, err = kl("exact", *pair, "--format", "json", "--direction", direction)
    assert (code, err) == (0, "")
    document = json.loads(out)
    jsonschema.Draft202012Validator(schema).validate(document)
    wanted = ["forward", "reverse"] if direction == "both" else [direction]
    assert [result["direction"] for result in document["results"]] == wanted
    for result in document["results"]:
        if result["value"] is not None and result["entropy"] is not None:
            assert result["cross_entropy"] == result["value"] + result["entropy"]
        assert (result["status"] == "ok") == (result["reason"] == "")
        assert (result["value"] is None) == (result["status"] in {"infinite", "undefined"})


def test_other_divergences_in_every_format(kl):
    words = ("exact", *PAIR, "--divergence", "all")
    schema = json.loads(kl("schema", "exact")[1])
    document = json.loads(kl(*words, "--format", "json")[1])
    jsonschema.Draft202012Validator(schema).validate(document)
    assert [result["direction"] for result in document["results"][:3]] == [
        "forward", "reverse", "symmetric",
    ]  # fmt: skip
    head, *lines = (line.split("\t") for line in kl(*words, "--format", "tsv")[1].splitlines())
    units = {line[0]: line[head.index("unit")] for line in lines}
    assert (units["js"], units["tv"]) == ("nats", "")
    out = kl(*words, "--format", "table")[1]
    for shown in ("\nkl P‖Q ", "\nchi2 Q‖P     ∞ ", "\nwasserstein  1.1666 ", "that of x"):
        assert shown in out
    assert "| chi2 P‖Q | 0.74403 |" in kl(*words, "--format", "markdown")[1]
    code, out, _ = kl("exact", *PAIR, "--divergence", "tv", "--value")
    assert (code, float(out)) == (0, pytest.approx(0.39006566012))
    code, _, err = kl(*words, "--value")
    assert (code, "one divergence" in err) == (2, True)


def test_machine_formats_hold_the_same(kl):
    whole = json.loads(kl("exact", P, Q, "--format", "json")[1])
    lines = [json.loads(x) for x in kl("exact", P, Q, "--format", "jsonl")[1].splitlines()]
    assert [line["value"] for line in lines] == [FORWARD, pytest.approx(REVERSE, rel=1e-15)]
    assert lines[0]["p"] == whole["p"]
    for name, delimiter in (("csv", ","), ("tsv", "\t")):
        text = kl("exact", P, Q, "--format", name)[1]
        rows = list(csv.DictReader(io.StringIO(text), delimiter=delimiter))
        assert [float(row["value"]) for row in rows] == [x["value"] for x in whole["results"]]
        assert [row["p"] for row in rows] == ["norm(loc=0, scale=1)"] * 2
    assert kl("exact", P, Q)[1] == kl("exact", P, Q, "--format", "tsv")[1]


def test_markdown(kl):
    out = kl("exact", "categorical(a=0.5, b=0.5)", "categorical(a=1)", "--format", "markdown")[1]
    assert out.startswith("P is categorical(a=0.5, b=0.5), Q is categorical(a=1).")
    assert "| D(P‖Q) | ∞ |" in out.replace("  ", " ").replace("  ", " ")
    assert "- D(P‖Q): ∞: P has mass where Q has none: in 'b', which hold 0.5 of P" in out


def test_the_bare_value(kl):
    assert kl("exact", P, Q, "--value") == (0, f"{FORWARD!r}\n", "")
    value = kl("exact", P, Q, "--value", "--direction", "reverse", "--base", "2")[1]
    assert float(value) == pytest.approx(REVERSE / math.log(2), rel=1e-15)
    code, out, err = kl("exact", "norm()", "uniform()", "--value")
    assert (code, out) == (0, "inf\n")
    assert err.startswith("note: infinite: P has mass where Q has none")
    assert kl("exact", "norm()", "uniform()", "--value", "--quiet")[2] == ""
    code, out, err = kl("exact", *MONTE_CARLO, "--value", "--draws", "1000")
    assert err.startswith("note: Monte Carlo, standard error 0.0")


def test_value_and_format_exclude_each_other(kl):
    assert kl("exact", P, Q, "--value", "--format", "json")[0] == 2


def test_files(kl, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["-o", "x.json", "-o", "x.md", "-o", "x.csv", "-o", "x.txt", "-o", "x.jsonl"]
    assert kl("exact", P, Q, *words) == (0, "", "")
    assert json.loads((tmp_path / "x.json").read_text())["results"][0]["value"] == FORWARD
    assert (tmp_path / "x.txt").read_text() == kl("exact", P, Q, "--format", "table")[1]
    code, out, err = kl("exact", P, Q, "-o", "x.xls")
    assert (code, out) == (2, "")
    assert err.startswith("error: --output x.xls: unknown extension")
    (tmp_path / "p.csv").write_text("0.5\n0.5\n")
    assert kl("exact", "p.csv", "p.csv", "-o", "p.csv")[0] == 2
    assert (tmp_path / "p.csv").read_text() == "0.5\n0.5\n"


@pytest.mark.parametrize("extension", ["csv", "tsv", "json", "parquet", "arrow", "npy"])
def test_files_of_probabilities(kl, tmp_path, extension):
    path = tmp_path / f"p.{extension}"
    table = pl.DataFrame({"name": ["[red]", "b"], "share": [0.25, 0.75]})
    match extension:
        case "csv" | "tsv":
            table.write_csv(path, separator={"csv": ",", "tsv": "\t"}[extension])
        case "json":
            path.write_text(json.dumps({"[red]": 0.25, "b": 0.75}))
        case "parquet":
            table.write_parquet(path)
        case "arrow":
            table.write_ipc(path)
        case "npy":
            np.save(path, np.array([0.25, 0.75]))
    other = "categorical(0.5, 0.5)"
    if extension != "npy":
        (tmp_path / "q.json").write_text('{"[red]": 0.5, "b": 0.5}')
        other = str(tmp_path / "q.json")
    code, out, err = kl("exact", str(path), other, "--format", "json")
    assert (code, err) == (0, "")
    truth = 0.25 * math.log(0.5) + 0.75 * math.log(1.5)
    assert json.loads(out)["results"][0]["value"] == pytest.approx(truth, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("p.parquet", {"a": ["x"], "b": ["y"]}), ("p.arrow", {"a": [1.0], "b": [1.0], "c": [1.0]}),
        ("p.parquet", {"p": [0.5, None]}), ("p.parquet", None), ("p.npy", None), ("p.feather", None),
    ],
)  # fmt: skip
def test_files_that_hold_something_else(kl, tmp_path, name, table):
    path = tmp_path / name
    if table is None:
        path.write_bytes(b"something else")
    elif path.suffix == ".parquet":
        pl.DataFrame(table).write_parquet(path)
    else:
        pl.DataFrame(table).write_ipc(path)
    code, out, err = kl("exact", str(path), "categorical(0.5, 0.5)")
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {path} ")
    assert "\nhint: " in err


def test_pickled_arrays_are_not_opened(kl, tmp_path):
    np.save(tmp_path / "p.npy", np.array([{}], dtype=object))
    code, _, err = kl("exact", str(tmp_path / "p.npy"), "categorical(1)")
    assert code == 2
    assert "is not an NPY file of numbers" in err


HOSTILE = {
    "import": "__import__('os')",
    "attribute": "().__class__.__bases__[0].__subclasses__()",
    "nested": "norm(" * 10_000 + "0" + ")" * 10_000,
    "brackets": "norm(" + "[" * 10_000 + "]" * 10_000 + ")",
    "long": "norm(0, 1) + " * 80_000,
    "letters": "a" * 1_000_000,
    "nines": f"norm({'9' * 15_000}, 1)",
    "negative scale": "norm(0,-1)",
    "nan": "norm(nan, 1)",
    "inf": "norm(0, inf)",
    "largest": "norm(1e308, 1)",
    "smallest": "norm(0, 1e-308)",
    "overflow": "norm(1e400, 1)",
    "power": "norm(9**9**9**9, 1)",
    "unicode": "норм(0, 1)",
    "zero width": "no\u200brm(0, 1)",
    "control": "\x1b[31mnorm(0)",
    "empty": "",
    "blank": "   ",
    "open": "norm(0, 1",
    "closed": "norm 0, 1)",
    "statement": "norm(0, 1); import os",
    "lambda": "(lambda: norm(0, 1))()",
    "comprehension": "norm(*[0 for _ in range(10**9)])",
    "walrus": "norm(loc := 1)",
    "unknown": "nrom(0, 1)",
    "weights": "0.5*norm(0, 1) + 0.6*norm(1, 1)",
    "negative weight": "-0.5*norm(0, 1) + 1.5*norm(1, 1)",
    "mixed": "0.5*norm(0, 1) + 0.5*poisson(1)",
    "null": "norm(0, 1)\x00",
    "lines": "norm(0,\n\n1\n) \n @",
    "huge count": "categorical(" + "0.1," * 3_000 + ")",
    "text": "norm('0', '1')",
    "not a matrix": "multivariate_normal([0, 0], [[1, 2], [3]])",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_expressions(kl, name):
    for words in ((HOSTILE[name], Q), (P, HOSTILE[name])):
        start = time.process_time()
        code, out, err = kl("exact", "--", *words)
        assert time.process_time() - start < 5  # under 1 s where nothing else runs
        assert (code, out) == (2, "")
        first, second = err.splitlines()
        assert first.startswith("error: ")
        assert second.startswith("hint: ")
        assert len(err) < 500
        assert err.isprintable() or "\x1b" not in err


def test_the_longest_expression_is_read():
    text = " + ".join(f"0.01*norm({k}, {k + 1}, )" for k in range(100))
    assert LONGEST / 20 < len(text) < LONGEST
    assert len(distribution(text).parts) == 100
    same = " + ".join(["0.01*norm(0, 1)"] * 100)
    assert klcli.exact(same, "norm()").p.expression == "norm(loc=0, scale=1)"


@pytest.mark.parametrize(
    ("p", "q", "value"),
    [
        ("norm(1e75, 1)", "norm(-1e75, 1)", 2e150),
        ("norm(0, 1e75)", "norm(0, 1e-75)", 5e299),
        ("norm(0, 1e-75)", "norm(0, 1e75)", 150 * math.log(10) - 0.5),
        ("binom(10**9, .3)", "binom(10**9, .31)", 1e9 * (0.3 * math.log(30 / 31) + 0.7 * math.log(70 / 69))),
        ("poisson(1e12)", "poisson(1.1e12)", 1e12 * (math.log(1 / 1.1) + 0.1)),
        (" norm ( loc = 0 , scale = 1e0 ) ", "norm(+1, 2)", FORWARD),
        ("cauchy()", "cauchy(0, 1e70)", math.log((1 + 1e70) ** 2 / 4e70)),
    ],
)  # fmt: skip
def test_extreme_parameters(p, q, value):
    result = klcli.exact(p, q, direction="forward").results[0]
    assert result.value == pytest.approx(value, rel=1e-6)
    assert not result.reason


@pytest.mark.parametrize(
    ("p", "q", "status"),
    [
        ("poisson(1e12)", "nbinom(1e12, 0.5)", "undefined"),
        ("zipf(1.01)", "yulesimon(2)", "undefined"),
        ("zipf(2)", "poisson(3, -1)", "infinite"),
        ("yulesimon(1.2)", "geom(0.5)", "ok"),
        pytest.param("levy_stable(1.5, 0)", "norm()", "infinite", marks=pytest.mark.slow),
        pytest.param("levy_stable(1.5, 0)", "cauchy()", "ok", marks=pytest.mark.slow),
        pytest.param(" + ".join(f"0.01*norm({k / 10})" for k in range(100)),
                     " + ".join(f"0.01*norm({k / 11}, 1.5)" for k in range(100)), "ok",
                     marks=pytest.mark.slow),
        ("nakagami(1e75)", "nakagami(1e-75)", "undefined"),
        ("norm(1e75)", "t(3)", "undefined"),
        ("hypergeom(1e70, 10, 10)", "binom(10, 0.5)", "undefined"),
        ("t(2)", "norm()", "infinite"),
        ("multivariate_t([0, 0], [[1, 0], [0, 1]], 2)", MONTE_CARLO[1], "infinite"),
        ("0.5*multivariate_t([0, 0], [[1, 0], [0, 1]], 3) + 0.5*" + MONTE_CARLO[1],
         MONTE_CARLO[1], "lower-bound"),
        ("0.99*multinomial(9, [1, 0]) + 0.01*multinomial(9, [0, 1])", "multinomial(9, [1, 0])",
         "infinite"),
    ],
)  # fmt: skip
def test_slow_or_endless_is_answered_or_refused(p, q, status):
    start = time.process_time()
    result = klcli.exact(p, q, direction="forward", draws=20_000).results[0]
    assert time.process_time() - start < 15
    assert result.status == status
    assert bool(result.reason) == (status != "ok")


def test_monte_carlo_is_within_its_error_and_repeatable(kl):
    document = json.loads(kl("exact", *MONTE_CARLO, "--format", "json", "--seed", "5")[1])
    again = json.loads(kl("exact", *MONTE_CARLO, "--format", "json", "--seed", "5")[1])
    assert document == again
    # The second coordinates are equal and independent: what is left is one number.
    truth = klcli.exact("0.5*norm(0, 1) + 0.5*norm(3, 1)", "norm(1, 2)").results
    for found, number in zip(document["results"], truth, strict=True):
        assert found["method"] == "monte-carlo"
        assert abs(found["value"] - number.value) < 4 * found["standard_error"]
        assert found["standard_error"] < 0.01
        assert found["error_bound"] is None


def test_a_narrow_terminal_has_a_line_for_each_number():
    from klcli.render.exact import table
    from klcli.render.text import cell_width

    report = klcli.exact("0.3*norm(-2, 1) + 0.7*norm(2, 0.5)", "laplace(0, 2)")
    for width in (40, 80, 120):
        lines = table(report, width=width, verbose=True).splitlines()
        longest = max(len(word) for line in lines for word in line.split())
        assert all(cell_width(line) <= max(width, longest + 2) for line in lines)


def run(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "klcli", "exact", *words],
        env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_nobody_reads_on():
    command = f'"{sys.executable}" -m klcli exact "{P}" "{Q}" --format json | head -1'
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


SHOWN = """
import sys
from klcli.__main__ import main
words = sys.argv[1:]
for pair in zip(words[::2], words[1::2]):
    code = main(["exact", *pair, "--format", "json"])
    names = {name for name in sys.modules if name.startswith(("scipy", "numpy", "polars"))}
    print(code, *sorted(names), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("pairs", "lean"),
    [
        (
            [
                (P, Q),
                ("expon(0, 2)", "expon(0, 3)"),
                ("laplace()", "laplace(1)"),
                ("categorical(a=0.2, b=0.8)", "categorical(a=0.5, b=0.5)"),
                ("norm()", "uniform()"),
            ],
            True,
        ),
        (
            [
                ("gamma(2)", "gamma(3)"),
                ("binom(10, 0.3)", "binom(10, 0.5)"),
                ("vonmises(2)", "vonmises(1, 1)"),
                ("dirichlet([1, 2])", "dirichlet([2, 1])"),
                ("wishart(4, [[1, 0], [0, 1]])", "wishart(5, [[1, 0], [0, 1]])"),
                ("zipf(2)", "zipf(3)"),
            ],
            False,
        ),
    ],
    ids=["lean", "others"],
)
def test_closed_forms_do_not_import_scipy_stats(pairs, lean):
    words = [word for pair in pairs for word in pair]
    done = subprocess.run(
        [sys.executable, "-c", SHOWN, *words], capture_output=True, text=True, check=True
    )
    for pair, line in zip(pairs, done.stderr.splitlines(), strict=True):
        code, *names = line.split()
        assert code == "0", pair
        assert "scipy.stats" not in names, pair
        assert "scipy.integrate" not in names, pair
        if lean:
            assert not names, pair
