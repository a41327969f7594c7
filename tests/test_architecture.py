"""The rooms of kaudio: who may import whom, and what may stand where."""

import ast
import subprocess
import sys
from pathlib import Path

import kaudio

ROOT = Path(kaudio.__file__).parent
RECIPES = ROOT.parent / "recipes"

MAY_IMPORT = {  # room: the rooms it may import, and the libraries
    "audio": (set(), {"numpy", "scipy", "soundfile", "soxr"}),
    "codecs": (set(), {"numpy", "keras"}),
    "data": (
        {"audio", "codecs"},
        {"aiohttp", "filelock", "fsspec", "grain", "numpy", "pyarrow", "rich"},
    ),
    "layers": (set(), {"numpy", "keras"}),
    "models": ({"codecs", "layers"}, {"h5py", "numpy", "keras"}),
    "generation": ({"models", "backend"}, {"numpy", "keras"}),
    "evaluation": (
        {"audio", "codecs", "data", "models", "generation"},
        {"numpy", "scipy", "keras", "matplotlib"},
    ),
    "reporting": ({"audio", "codecs", "data", "evaluation"}, {"numpy", "matplotlib", "soundfile"}),
    "training": (
        {
            *("audio", "backend", "data", "distribution", "evaluation", "generation", "models"),
            *("recipe", "reporting"),
        },
        {"numpy", "keras", "filelock", "grain", "rich", "soundfile", "tensorboard"},
    ),
    "backend.py": (set(), {"numpy", "keras", "jax", "tensorflow"}),
    "distribution.py": ({"backend", "startup"}, {"numpy", "keras"}),
    "artifacts": (
        {"codecs", "generation", "layers", "models"},
        {"ai_edge_litert", "flatbuffers", "keras", "numpy", "onnx", "onnxruntime", "tensorflow"},
    ),
    "memory.py": (set(), set()),
    "startup.py": ({"memory"}, {"keras"}),
    "recipe.py": (set(), {"keras", "grain", "typer"}),
    "cli": (
        {
            *("artifacts", "audio", "data", "distribution", "evaluation", "generation", "models"),
            *("output", "recipe", "reporting", "startup", "training"),
        },
        {"typer"},
    ),
    "output.py": ({"audio", "evaluation"}, {"numpy", "rich"}),
    "__init__.py": (None, set()),
    "__main__.py": ({"cli"}, set()),
}


def names_imported(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path):
    return path.relative_to(ROOT).parts[0]


def sources():
    return sorted(ROOT.rglob("*.py"))


def test_each_room_imports_only_the_rooms_before_it():
    for path in sources():
        allowed, _ = MAY_IMPORT[room(path)]
        inside = (n.split(".")[1] for n in names_imported(path) if n.startswith("kaudio."))
        found = {name for name in inside if name != "__version__"} - {room(path)}
        assert allowed is None or found <= allowed, f"{path} imports {found - allowed}"


def test_each_room_uses_only_its_libraries():
    for path in sources():
        _, allowed = MAY_IMPORT[room(path)]
        outside = {name.split(".")[0] for name in names_imported(path)}
        found = outside - {"kaudio"} - set(sys.stdlib_module_names)
        assert found <= allowed, f"{path} imports {found - allowed}"


def test_recipes_need_only_kaudio_and_keras():
    for path in RECIPES.glob("*.py"):
        neighbours = {other.stem for other in RECIPES.glob("*.py")}
        found = {name.split(".")[0] for name in names_imported(path)} - neighbours
        assert found <= {"kaudio", "keras", "math", "pathlib"}, f"{path} imports {found}"


def test_only_backend_names_a_backend_and_only_tests_assert():
    for path in sources():
        tree = ast.parse(path.read_text())
        libraries = {name.split(".")[0] for name in names_imported(path)}
        assert (
            path.name == "backend.py"
            or room(path) == "artifacts"
            or not libraries & {"jax", "tensorflow", "torch"}
        )
        assert not any(isinstance(node, ast.Assert) for node in ast.walk(tree)), path


def test_every_module_says_what_it_is_and_stays_small():
    for path in [*sources(), *RECIPES.glob("*.py")]:
        text = path.read_text()
        assert ast.get_docstring(ast.parse(text)), path
        assert len(text.splitlines()) <= 250, path


def test_help_imports_neither_keras_nor_a_backend():
    program = (
        "import sys, kaudio.cli\n"
        "try: kaudio.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'keras', 'tensorflow', 'jax', 'numpy'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.endswith("[]\n"), result.stdout + result.stderr


def test_the_verbs_are_known():
    from kaudio.cli import app

    assert [c.callback.__name__ for c in app.registered_commands] == [
        "fit",
        "generate",
        "evaluate",
        "report",
        "classify",
        "dream",
        "export",
        "corpus",
    ]
