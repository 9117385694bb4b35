"""Reads `norm(0, 1)` and `0.3*norm(-2, 1) + 0.7*norm(2, 0.5)`; nothing in them is ever run.

Python's parser makes a tree of the text, and only the kinds of node that distributions need are
looked at: a call of a name, numbers with + − * / ** between them, lists, keywords.
"""

from __future__ import annotations

import ast
import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from klcli.errors import UsageError

if TYPE_CHECKING:
    from klcli.divergences.known import Value

#: A mixture of a hundred normals has 3,000 characters; longer ones belong in a file.
LONGEST: Final = 20_000
#: A matrix in a call in brackets is four deep.
DEEPEST: Final = 12
_CONSTANTS: Final = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}
_EXAMPLES: Final = "write norm(0, 1), binom(10, 0.3) or 0.3*norm(-2, 1) + 0.7*norm(2, 0.5)"


@dataclass(frozen=True, slots=True)
class Call:
    """A family's name with what stands in its brackets."""

    name: str
    positional: tuple[Value, ...]
    named: tuple[tuple[str, Value], ...]


def parse(text: str) -> list[tuple[float, Call]]:
    """Return the weight and the call of each part; a single call has weight 1.

    Raises
    ------
    UsageError
        If it is anything else.
    """
    body = _tree(text)
    terms = _terms(body)
    if len(terms) > 1 and not any(_weighted(term) for term in terms):
        raise UsageError("the parts of a mixture need weights", _EXAMPLES)
    parts = [_part(term) for term in terms]
    if len(parts) == 1 and not _weighted(terms[0]):
        return parts
    total = math.fsum(weight for weight, _ in parts)
    wrong = next((weight for weight, _ in parts if not weight >= 0), None)
    if wrong is not None:
        raise UsageError(f"a weight of {wrong:g} is none", "weights are positive and sum to 1")
    if not abs(total - 1) < 1e-9:  # what rounding of sums like 1/3 + 2/3 can leave
        raise UsageError(f"the weights sum to {total:.10g}, not 1", _EXAMPLES)
    return [(weight / total, call) for weight, call in parts if weight > 0]


def _tree(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise UsageError(
            f"a distribution of {len(text):,} characters is too long",
            'read probabilities from a file: categorical("probabilities.csv")',
        )
    depth = deepest = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        raise UsageError(f"brackets are {deepest} deep", _EXAMPLES)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        if "?" in text and _reads(text.replace("?", "1")):
            raise UsageError(
                f"{_short(text)}: ? stands for what is fitted to data, and there are none here",
                'write a number, or give data: kl estimate data.csv "norm(?, 1)"',
            ) from error
        raise UsageError(f"cannot read {_short(text)} as a distribution", _EXAMPLES) from error


def _reads(text: str) -> bool:
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _source(node: ast.AST) -> str:
    try:
        return _short(ast.unparse(node))
    except RecursionError:
        return "this"


def _terms(node: ast.expr) -> list[ast.expr]:
    """Return what is added up, without a call for each plus sign."""
    terms = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        terms.append(node.right)
        node = node.left
    return [node, *reversed(terms)]


def _weighted(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp)


def _part(node: ast.expr) -> tuple[float, Call]:
    if isinstance(node, ast.Call):
        return 1.0, _call(node)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        if isinstance(node.right, ast.Call):
            return _number(node.left), _call(node.right)
        if isinstance(node.left, ast.Call):
            return _number(node.right), _call(node.left)
    if (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Div)
        and isinstance(node.left, ast.Call)
    ):
        return 1 / _nonzero(_number(node.right), node), _call(node.left)
    if isinstance(node, ast.Name):
        raise UsageError(f"{_source(node)} lacks its parameters", f"write {node.id}(…)"[:200])
    raise UsageError(f"{_source(node)} is not a distribution", _EXAMPLES)


def _call(node: ast.Call) -> Call:
    if not isinstance(node.func, ast.Name):
        raise UsageError(f"{_source(node.func)} is not the name of a family", _EXAMPLES)
    named: list[tuple[str, Value]] = []
    for keyword in node.keywords:
        if keyword.arg is None:
            raise UsageError(f"{node.func.id}: ** has no meaning here", _EXAMPLES)
        if keyword.arg in dict(named):
            raise UsageError(f"{node.func.id}: {keyword.arg} is given twice", "give it once")
        named.append((keyword.arg, _value(keyword.value)))
    return Call(node.func.id, tuple(map(_value, node.args)), tuple(named))


def _value(node: ast.expr) -> Value:
    if isinstance(node, ast.List | ast.Tuple):
        return tuple(map(_value, node.elts))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value  # a file's name; families of numbers refuse it
    return _number(node)


def _number(node: ast.expr, depth: int = 0) -> float:
    if depth > DEEPEST:
        raise UsageError("a number is written with too many signs", "give its value")
    if isinstance(node, ast.Constant) and type(node.value) in {int, float}:
        value = _float(node)
    elif isinstance(node, ast.Name) and node.id in _CONSTANTS:
        value = _CONSTANTS[node.id]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner = _number(node.operand, depth + 1)
        value = -inner if isinstance(node.op, ast.USub) else inner
    elif isinstance(node, ast.BinOp) and isinstance(
        node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow
    ):
        left, right = _number(node.left, depth + 1), _number(node.right, depth + 1)
        if isinstance(node.op, ast.Add):
            value = left + right
        elif isinstance(node.op, ast.Sub):
            value = left - right
        elif isinstance(node.op, ast.Mult):
            value = left * right
        elif isinstance(node.op, ast.Pow):
            value = _power(left, right)
        else:
            value = left / _nonzero(right, node)
    elif isinstance(node, ast.Call):
        raise UsageError(f"{_source(node)} is a call inside a call", "give the number itself")
    else:
        raise UsageError(f"{_source(node)} is not a number", _EXAMPLES)
    if not math.isfinite(value):
        raise UsageError(f"{_source(node)} is not a finite number", "give finite parameters")
    return value


def _float(node: ast.Constant) -> float:
    try:
        return float(node.value)  # type: ignore[arg-type]
    except OverflowError:
        return math.inf


def _power(base: float, exponent: float) -> float:
    """Return a power of floats: unlike that of integers it never takes long."""
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf
    except ValueError:  # (-1)**0.5, 0**-1
        return math.nan


def _nonzero(value: float, node: ast.expr) -> float:
    if value == 0:
        raise UsageError(f"{_source(node)} divides by 0", "give finite parameters")
    return value
