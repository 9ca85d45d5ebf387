"""Measure the house: code by room, loose containers, long functions and files, tests, the command line.

    python benchmarks/house.py [FOLDER]      # a checkout; this one if not given

Lines of code are those that hold neither comment nor docstring. Options are parameters of commands and, where
the command line offers the records of settings, their fields. Beside `dict[str, Any]` stand what could take its place
without saying more: other mappings to `Any`, mappings to `object` (right for a document that is yet to be checked), and
every other `Any` in a signature or an annotation.
"""

import ast
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

LONG_FUNCTION, LONG_FILE = 40, 400
OF_OPTIONS, OPTION = re.compile(r"o\.[A-Z]\w*"), re.compile(r"(o\.)?[A-Z]\w*")
ANYTHING = r"\b(?:dict|Mapping|MutableMapping|defaultdict|OrderedDict)\[str, (?:Any|object)\]"
RECORDS = ("reading", "shaping", "sampling", "terms", "output")


@dataclass
class House:
    """Counts of a checkout."""

    rooms: Counter = field(default_factory=Counter)
    loose: Counter = field(default_factory=Counter)
    functions: list = field(default_factory=list)
    files: list = field(default_factory=list)
    tests: int = 0
    parametrised: int = 0
    options: list = field(default_factory=list)


def code_lines(text, tree):
    """Numbers of the lines that hold code."""
    lines = text.splitlines()
    idle = {n for n, line in enumerate(lines, 1) if not line.strip() or line.strip().startswith("#")}
    for node in ast.walk(tree):
        for inner in getattr(node, "body", []) if isinstance(getattr(node, "body", None), list) else []:
            constant = isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant)
            if constant and isinstance(inner.value.value, str):
                idle |= set(range(inner.lineno, inner.end_lineno + 1))
    return set(range(1, len(lines) + 1)) - idle


def functions_of(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def loose_in(tree):
    """Annotations that say nothing of what a container, or a value, holds."""
    found = Counter()
    notes = [getattr(node, name, None) for node in ast.walk(tree) for name in ("annotation", "returns")]
    notes += [node.value for node in ast.walk(tree) if isinstance(node, ast.TypeAlias)]
    for text in (ast.unparse(note) for note in notes if isinstance(note, ast.expr)):
        for part in re.findall(ANYTHING, text):
            found[part if part == "dict[str, Any]" else "Any" if "Any" in part else "object"] += 1
        found["other Any"] += len(re.findall(r"\bAny\b", re.sub(ANYTHING, "", text)))
    return found


def declared(path, tree):
    """Options that a file of the command line declares: parameters of its commands that have a type of their own."""
    found = []
    for node in functions_of(tree):
        parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        types = {one.arg: ast.unparse(one.annotation) for one in parameters if one.annotation}
        if not node.name.startswith("_") and any(OF_OPTIONS.fullmatch(text) for text in types.values()):
            found += [name for name, text in types.items() if OPTION.fullmatch(text)]
    return found


def fields_of(tree):
    """Fields of a file's records."""
    records = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.decorator_list]
    return [item.target.id for record in records for item in record.body if isinstance(item, ast.AnnAssign)]


def measure(root):
    house = House()
    package = root / "models" / "kundenwert"
    flat = "def flattened" in (package / "cli" / "options.py").read_text("utf-8")
    for path in sorted(package.rglob("*.py")):
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        code = code_lines(text, tree)
        parts = path.relative_to(package).parts
        house.rooms[parts[0] if len(parts) > 1 else path.stem] += len(code)
        house.loose.update(loose_in(tree))
        house.options += declared(path, tree) if parts[0] == "cli" else []
        house.options += fields_of(tree) if flat and parts[0] == "settings" and path.stem in RECORDS else []
        if len(text.splitlines()) > LONG_FILE:
            house.files.append((len(text.splitlines()), str(path.relative_to(root))))
        for node in functions_of(tree):
            own = sum(node.lineno <= n <= node.end_lineno for n in code)
            house.functions.append((own, f"{path.relative_to(root)}:{node.lineno} {node.name}"))
    for path in sorted((root / "tests").rglob("test_*.py")):
        for node in functions_of(ast.parse(path.read_text("utf-8"))):
            if node.name.startswith("test_"):
                house.tests += 1
                house.parametrised += any("parametrize" in ast.unparse(one) for one in node.decorator_list)
    return house


def main(root):
    house = measure(root)
    print(f"code lines {sum(house.rooms.values()):,}")
    for room, count in house.rooms.most_common():
        print(f"  {count:6,}  {room}")
    long = sorted((one for one in house.functions if one[0] > LONG_FUNCTION), reverse=True)
    print(f"dict[str, Any]               {house.loose['dict[str, Any]']}")
    print(f"other mappings to Any        {house.loose['Any']}")
    print(f"mappings to object           {house.loose['object']}")
    print(f"other Any in annotations     {house.loose['other Any']}")
    print(f"functions over {LONG_FUNCTION} lines      {len(long)} of {len(house.functions)}")
    print(f"files over {LONG_FILE} lines         {len(house.files)}")
    print(f"tests                        {house.tests}, {house.parametrised / max(house.tests, 1):.0%} parametrised")
    print(f"command line                 {house.rooms['cli']:,} lines of code")
    print(f"options declared / distinct  {len(house.options)} / {len(set(house.options))}")
    for count, where in [*long[:6], *sorted(house.files, reverse=True)[:6]]:
        print(f"  {count:6,}  {where}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1])
