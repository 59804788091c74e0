"""List small changes of a source file, each of which some test should notice."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

_COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_C_GUARD = re.compile(
    r"\bif \((?P<condition>[^{;]+)\) \{\s*(?=source->failed = 1;|return 0;|return LEANPIX_\w+;)"
)
_C_BOUNDS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change of one file: the text from `start` to `end` becomes `text`."""

    path: str
    line: int
    start: int
    end: int
    what: str
    text: str
    old: str

    @property
    def name(self) -> str:
        """A name that stays while the file's other lines change."""
        digest = sha256(f"{self.path}\0{self.what}\0{self.old}\0{self.text}".encode())
        return f"{self.path}:{self.line}:{digest.hexdigest()[:8]}"

    def apply(self, source: str) -> str:
        """Return the source with the change."""
        return source[: self.start] + self.text + source[self.end :]


def of_python(path: str, source: str) -> list[Mutation]:
    """Return the changes of a Python module: conditions, arithmetic, numbers, statements."""
    return list(_Finder(path, source).find())


def of_c(path: str, source: str) -> list[Mutation]:
    """Return the changes of a C file's guards: each left out, each of its bounds moved by one."""
    found = []
    for guard in _C_GUARD.finditer(source):
        start, end = guard.span("condition")
        line = source.count("\n", 0, start) + 1
        old = source[start:end]
        found.append(Mutation(path, line, start, end, "leave the guard out", "0", old))
        for bound in re.finditer(r"(?<![<>-])(<=|>=|<|>)(?![<>])", old):
            moved = old[: bound.start()] + _C_BOUNDS[bound[0]] + old[bound.end() :]
            what = f"bound {bound[0]} at {bound.start()}"
            found.append(Mutation(path, line, start, end, what, moved, old))
    return found


class _Finder:
    def __init__(self, path: str, source: str) -> None:
        self._path = path
        self._source = source
        self._lines = [0]
        for line in source.encode().splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._bytes = source.encode()

    def find(self) -> Iterator[Mutation]:
        """Yield the changes of the whole module, by their place."""
        yield from self._visit(ast.parse(self._source))

    def _visit(self, node: ast.AST) -> Iterator[Mutation]:
        if isinstance(node, ast.JoinedStr) or _is_for_types(node):
            return
        yield from self._changes(node)
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list", "bases"}:
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from self._visit(child)

    def _changes(self, node: ast.AST) -> Iterator[Mutation]:
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            other = _COMPARISONS[type(node.ops[0])]()
            yield self._replaced(node, ast.Compare(node.left, [other], node.comparators))
        elif isinstance(node, ast.BoolOp):
            other_op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            yield self._replaced(node, ast.BoolOp(other_op, node.values))
        elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            other_sign = _ARITHMETIC[type(node.op)]()
            yield self._replaced(node, ast.BinOp(node.left, other_sign, node.right))
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield self._replaced(node, node.operand)
        elif isinstance(node, ast.Constant):
            yield from self._of_constant(node)
        elif isinstance(node, ast.stmt):
            yield from self._of_statement(node)

    def _of_constant(self, node: ast.Constant) -> Iterator[Mutation]:
        if isinstance(node.value, bool):
            yield self._replaced(node, ast.Constant(not node.value))
        elif isinstance(node.value, int | float):
            yield self._replaced(node, ast.Constant(node.value + 1))

    def _of_statement(self, node: ast.stmt) -> Iterator[Mutation]:
        if (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)) or isinstance(
            node, ast.Raise
        ):
            yield self._replaced(node, ast.Pass())
        elif isinstance(node, ast.Return) and not _is_nothing(node.value):
            yield self._replaced(node, ast.Return(ast.Constant(None)))
        elif isinstance(node, ast.If) and isinstance(
            node.test, ast.Name | ast.Attribute | ast.Call
        ):
            yield self._replaced(node.test, ast.UnaryOp(ast.Not(), node.test))

    def _replaced(self, node: ast.expr | ast.stmt, other: ast.AST) -> Mutation:
        start = self._lines[node.lineno - 1] + node.col_offset
        end = self._lines[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        old = self._bytes[start:end].decode()
        text = ast.unparse(ast.fix_missing_locations(other))
        if isinstance(node, ast.expr):
            text = f"({text})"
        return Mutation(
            path=self._path,
            line=node.lineno,
            start=len(self._bytes[:start].decode()),
            end=len(self._bytes[:end].decode()),
            what=type(node).__name__,
            text=text,
            old=old,
        )


def _is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def _is_nothing(node: ast.expr | None) -> bool:
    return node is None or (isinstance(node, ast.Constant) and node.value is None)


def mutations_of(root: Path, path: str) -> list[Mutation]:
    """Return the changes of a file of the project."""
    source = (root / path).read_text(encoding="utf-8")
    return of_c(path, source) if path.endswith(".c") else of_python(path, source)
