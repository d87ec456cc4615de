"""What the layout promises: which part may import which, who reads the environment, what no file may hold."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib import import_module, metadata
from importlib.util import resolve_name
from pathlib import Path

import pytest
from django.db import connection

BASE = Path(__file__).resolve().parent.parent
# Lower floors first. A part imports from its own floor and from those below.
FLOORS = ("portal.foundation", "branches", "members", "activities", "portal")


@cache
def tracked(*patterns: str) -> list[Path]:
    """Return the files of the repository that match, as git knows them."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns], cwd=BASE, capture_output=True, check=True)
    return [path for name in listed.stdout.decode().split("\0") if name and (path := BASE / name).is_file()]


def ours() -> list[Path]:
    """Return the modules of the four parts."""
    return [path for path in tracked("*.py") if path.relative_to(BASE).parts[0] in {"portal", "branches", "members", "activities"}]


def module_of(path: Path) -> str:
    parts = path.relative_to(BASE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor_of(module: str) -> int | None:
    """Return the floor of a module, None when it is none of ours."""
    for number, name in enumerate(FLOORS):
        if module == name or module.startswith(name + "."):
            return number
    return None


class Imports(ast.NodeVisitor):
    """The modules that a module imports as it runs, inside functions too.

    What stands under `if TYPE_CHECKING` is never imported: a service of a lower floor names the user's type, and knows nothing of the class.
    """

    def __init__(self, module: str, is_package: bool) -> None:
        self.package = module if is_package else module.rpartition(".")[0]
        self.found: list[tuple[int, str]] = []

    def visit_If(self, node: ast.If) -> None:
        """Skip what only a type checker reads."""
        test = node.test
        if (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"):
            for statement in node.orelse:
                self.visit(statement)
        else:
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        """`import a.b`."""
        self.found.extend((node.lineno, alias.name) for alias in node.names)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """`from a.b import c`, where c may be a module."""
        base = resolve_name("." * node.level + (node.module or ""), self.package) if node.level else node.module or ""
        self.found.extend((node.lineno, f"{base}.{alias.name}") for alias in node.names)

    def visit_Call(self, node: ast.Call) -> None:
        """`import_module("a.b")`, which would go round the rule."""
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in {"import_module", "import_string", "__import__"} and node.args and isinstance(node.args[0], ast.Constant):
            self.found.append((node.lineno, str(node.args[0].value)))
        self.generic_visit(node)


def imports_of(source: str, module: str, is_package: bool = False) -> list[tuple[int, str]]:
    visitor = Imports(module, is_package)
    visitor.visit(ast.parse(source))
    return visitor.found


def upward(source: str, module: str, is_package: bool = False) -> Iterator[str]:
    """Name each import that goes from a lower floor to a higher one."""
    own = floor_of(module)
    for line, imported in imports_of(source, module, is_package):
        floor = floor_of(imported)
        if own is not None and floor is not None and floor > own:
            yield f"{module}:{line} imports {imported}"


def test_no_part_imports_from_a_floor_above() -> None:
    wrong = [arrow for path in ours() for arrow in upward(path.read_text(encoding="utf-8"), module_of(path), path.name == "__init__.py")]
    assert len(ours()) > 40
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("branches.models", "from members.models import Person"),
        ("branches.models", "def f():\n    from activities import services"),
        ("portal.foundation.audit", "import branches.access"),
        ("portal.foundation.audit", "from portal import charts"),
        ("portal.foundation.audit", "from .. import settings"),
        ("members.api.views", "from activities.models import Entry"),
        ("activities.services", "from portal.accounts.models import User"),
        ("activities.services", "import_module('portal.settings')"),
        ("activities.services", "if TYPE_CHECKING:\n    pass\nelse:\n    import portal.urls"),
    ],
)
def test_an_import_that_goes_up_is_found(module: str, source: str) -> None:
    assert len(list(upward(source, module))) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("activities.services", "from members.models import Person"),
        ("branches.models", "from portal.foundation import clock"),
        ("portal.pages.home", "from activities import rollups"),
        ("portal.foundation.audit", "from .models import AuditEntry"),
        ("activities.services", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from portal.accounts.models import User"),
        ("members.models", "from django.db import models"),
    ],
)
def test_an_import_that_goes_down_is_none_to_complain_of(module: str, source: str) -> None:
    assert not list(upward(source, module))


def modules_imported(path: Path) -> list[tuple[int, str]]:
    """Return our own modules that a file imports, by line; for a name inside a module, the module."""
    known = {module_of(each) for each in ours()}
    named = imports_of(path.read_text(encoding="utf-8"), module_of(path), path.name == "__init__.py")
    candidates = [(line, name if name in known else name.rpartition(".")[0]) for line, name in named]
    return [(line, name) for line, name in candidates if name in known]


def modules_of_pages() -> set[str]:
    """Return the modules that hold views of pages: what the URLs of pages import."""
    urls = [path for path in ours() if path.name == "urls.py" and "api" not in path.relative_to(BASE).parts]
    return {name for path in urls for _line, name in modules_imported(path) if "portal.foundation" not in name and ".api" not in name}


def test_the_api_never_imports_pages() -> None:
    pages = modules_of_pages()
    assert "portal.pages.dashboard" in pages
    inside = [path for path in ours() if "api" in path.relative_to(BASE).parts]
    wrong = [f"{module_of(path)}:{line} imports {name}" for path in inside for line, name in modules_imported(path) if name in pages]
    assert not wrong, "\n".join(wrong)


def test_nobody_imports_everything() -> None:
    wrong = [
        f"{module_of(path)}:{line}" for path in ours() for line, name in imports_of(path.read_text(encoding="utf-8"), module_of(path)) if name.endswith(".*")
    ]
    assert not wrong, "\n".join(wrong)


# The supervisor runs before Django and hands the environment on; the entry points only say which settings to read.
READS_ENVIRONMENT = ("portal/settings.py", "portal/runtime/")
NAMES_SETTINGS = re.compile(r"""os\.environ\.setdefault\("DJANGO_SETTINGS_MODULE", "portal\.settings"\)""")


def test_the_settings_alone_read_the_environment() -> None:
    wrong = []
    for path in tracked("*.py"):
        name = path.relative_to(BASE).as_posix()
        if name.startswith((*READS_ENVIRONMENT, "tests/", "tools/", "benchmarks/")):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if re.search(r"\b(os\.)?(environ|getenv)\b", line.partition("#")[0]) and not NAMES_SETTINGS.search(line) and "import" not in line:
                wrong.append(f"{name}:{number}: {line.strip()}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.django_db
def test_the_driver_is_psycopg2_and_psycopg_3_is_nowhere() -> None:
    """Django would take psycopg 3 without a word wherever a package brought it along."""
    connection.ensure_connection()
    assert type(connection.connection).__module__.startswith("psycopg2")
    with pytest.raises(metadata.PackageNotFoundError):
        metadata.version("psycopg")
    with pytest.raises(ModuleNotFoundError):
        import_module("psycopg")
    assert not re.search(r"^psycopg(-binary|-c|\[\w+\])?==", (BASE / "requirements.lock").read_text(encoding="ascii"), re.MULTILINE)


# Written apart, so that this file does not hold what it looks for.
HOSTS = re.compile(
    "|".join(["pypi" + r"\.org", "python" + r"hosted", "npm" + r"js\.(com|org)", "registry" + r"\.", r"\bmirrors?" + r"\.[a-z]", "--index" + "-url"])
)
PLACES = re.compile(r"(?<![\w.<>{}$*~-])/(" + "|".join(["wo" + "rk", "ro" + "ot", "ho" + r"me/\w+", "Us" + r"ers/\w+"]) + r")(/|\b(?![-\w]))")


def text_of(path: Path) -> str:
    """Return a file's text, nothing for a binary one."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize("forbidden", [HOSTS, PLACES], ids=["a package registry", "a place on somebody's machine"])
def test_no_file_names(forbidden: re.Pattern[str]) -> None:
    wrong = []
    for path in tracked():
        for number, line in enumerate(text_of(path).splitlines(), 1):
            if found := forbidden.search(line):
                wrong.append(f"{path.relative_to(BASE)}:{number}: {found[0]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("line", ["https://" + "pypi" + ".org/simple", "cd /wo" + "rk/main", "'/ro" + "ot/.cache'", "pip install --index" + "-url x"])
def test_a_host_and_a_place_are_found(line: str) -> None:
    assert HOSTS.search(line) or PLACES.search(line)


@pytest.mark.parametrize("line", ["/api/v1/work-units/", "a network/path", "dashboard/units/", "the roots / workers", "/workers/3"])
def test_an_address_of_the_portal_is_no_place_on_a_machine(line: str) -> None:
    assert not HOSTS.search(line)
    assert not PLACES.search(line)


TEMPLATE_CODE = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
INLINE = re.compile(r"<[a-z][^<>]*?\s(style|on[a-z]+)\s*=|<style\b|<script\b(?![^>]*\bsrc=)|javascript:", re.IGNORECASE)


def inline_in(markup: str) -> list[str]:
    """Return what a strict Content-Security-Policy would refuse in a page."""
    bare = TEMPLATE_CODE.sub(
        lambda code: " " * len(code[0]) if not code[0].startswith("{{") else "x", re.sub(r"\{% comment.*?endcomment %\}", "", markup, flags=re.DOTALL)
    )
    return [found[0] for found in INLINE.finditer(bare)]


def test_no_template_holds_inline_script_or_style() -> None:
    pages = tracked("*.html", "*.svg")
    wrong = [f"{path.relative_to(BASE)}: {found}" for path in pages for found in inline_in(text_of(path))]
    assert len(pages) > 15
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "markup",
    [
        '<p style="color: red">',
        '<button type="button" onclick="go()">',
        '<p class="{{ a }}" {% if b > 3 %}hidden{% endif %} style="x">',
        "<script>go()</script>",
        '<script type="module">go()</script>',
        "<style>p { }</style>",
        '<a href="javascript:go()">',
    ],
)
def test_inline_code_is_found(markup: str) -> None:
    assert len(inline_in(markup)) == 1


@pytest.mark.parametrize("markup", ['<script type="module" src="{% static "a.js" %}"></script>', '<p data-style="x" class="on">', "<p>on = style=</p>"])
def test_markup_without_inline_code_is_none_to_complain_of(markup: str) -> None:
    assert not inline_in(markup)
