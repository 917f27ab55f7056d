"""Every mistake ends in one block that names the place, what was found and what to do.

The messages and hints are in bad_input.txt, word for word; see tests/golden.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from nncli.config import load_config
from nncli.messages.errors import ConfigError, NncliError
from tests.golden import Golden, reported

from .conftest import Refused

XOR = """\
dataset: xor
network:
  layers:
    - {units: 2, activation: tanh}
    - {units: 1, activation: sigmoid}
"""

ONE_UNIT = "network: {layers: [{units: 1}]}\n"


def with_line(line: str) -> str:
    """A sound config with one more line, the sixth."""
    return f"{XOR}{line}\n"


def formula(text: str) -> str:
    """A sound config but for the formula of y in q."""
    data = f"dataset: {{function: {{inputs: {{q: [-1, 1]}}, targets: {{y: {text}}}}}}}\n"
    return data + "network: {layers: [{units: 1}]}\n"


def rows(cells: str, rest: str = "") -> str:
    """A sound config but for the rows of a and b, of which b is learned."""
    data = f"dataset: {{columns: [a, b], rows: {cells}, targets: [b]}}\n"
    return f"{data}network: {{layers: [{{units: 1}}]}}\n{rest}"


def layer(given: str) -> str:
    return f"dataset: xor\nnetwork:\n  layers:\n    - {given}\n    - {{units: 1}}\n"


# What is written, with the place «marked». The message and the hint that answer are in bad_input.txt.
SCHEMA = {
    "a key misspelt at the root": with_line("«optimiser»: adam"),
    "a key misspelt inside": with_line("training: {«epocs»: 5}"),
    "a key misspelt in a layer": layer("{«unit»: 1}"),
    "an option of another entry": with_line("optimizer: {name: adam, «momentum»: 0.9}"),
    "a name misspelt": with_line("optimizer: {«nam»: adam}"),
    "a duplicate key": with_line("«dataset»: xor"),
    "an unknown activation": layer("{units: 1, activation: «sigmoidd»}"),
    "an unknown metric": with_line("metrics: [mse, «acuracy»]"),
    "an unknown built-in set": "dataset: «xorr»\n" + ONE_UNIT,
    "a missing key": "dataset: xor\n«network»:\n  weight_init: zeros\n",
    "a missing option": layer("{units: 1, «activation»: {slope: 1}}"),
    "text for a number": with_line("optimizer: {name: sgd, learning_rate: «fast»}"),
    "a number in quotes": with_line('optimizer: {name: sgd, learning_rate: «"1e-3"»}'),
    "a number with underscores": with_line("training: {epochs: «1_000»}"),
    "a fraction for a whole number": with_line("training: {epochs: «1.5»}"),
    "a number out of range": with_line("optimizer: {name: sgd, learning_rate: «-1»}"),
    "a huge whole number": layer("{units: «100000000000000000000»}"),
    "no number": with_line("optimizer: {name: sgd, learning_rate: «.nan»}"),
    "true for a number": layer("{units: «true»}"),
    "yes for true": layer("{units: 1, bias: «yes»}"),
    "a union of name and number": with_line("training: {batch_size: «ful»}"),
    "no number of rows": "dataset: {name: iris, split: {test: «1.5»}}\nnetwork: {hidden: [4]}\n",
    "a union of number and share": with_line("training: {log_every: «200%»}"),
    "a list where a mapping belongs": with_line("training: «[epochs, 3]»"),
    "a number where a list of layers belongs": "dataset: xor\nnetwork: {layers: «4»}\n",
    "a mapping where a list belongs": with_line("metrics: «{mse: 1}»"),
    "nothing where something belongs": with_line("training:«»"),
    "too many layers": "dataset: xor\nnetwork: {layers: «[" + "{units: 1}, " * 1001 + "]»}\n",
    "an empty name": with_line("name: «''»"),
    "a long name": with_line("name: «" + "x" * 101 + "»"),
    "a seed too large": with_line("seed: «18446744073709551616»"),
    "a number no float holds": with_line("optimizer: {name: sgd, learning_rate: «1" + "0" * 400 + "»}"),
    "a list as a name": with_line("loss: «[mse]»"),
    "a number as a name": with_line("loss: {name: «3»}"),
}

# Keys that other tools have are plain unknown keys.
OTHERS = {
    "device": "training: {device: cuda}",
    "patience": "training: {patience: 5}",
}

YAML = {
    "a tab": "dataset: xor\nnetwork:\n«\t»layers: []\n",
    "nothing": "",
    "only comments": "# nothing\n\n# at all\n",
    "a list at the root": "«-» dataset: xor\n",
    "text at the root": "«xor»\n",
    "an alias bomb": (
        "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
        "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
        "e: «&»e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e, *e, *e, *e, *e, *e]\n"
    ),
    "an alias inside itself": "a: «&»a [*a]\n",
    "aliases nested ever deeper": (
        "a0: &a0 [1]\n"
        + "".join(f"a{i}: {'«&»' if i == 49 else '&'}a{i} [*a{i - 1}]\n" for i in range(1, 2000))
    ),
    "5,000 brackets": "dataset: " + "[" * 50 + "«[»" + "[" * 4949,
    "5,000 mappings": "{a: " * 50 + "{«a»: " + "{a: " * 4949,
    "two documents": "dataset: xor\n«---»\ndataset: xor\n",
    "a Python object": "dataset: «!»!python/object/apply:os.system [ls]\n",
    "a tag of YAML 1.1": "dataset: «!»!timestamp 2001-01-01\n",
    "a tag that does not fit": "seed: «!»!int three\n",
    "a list as a key": "? «[»a]\n: 1\n",
    "an unknown alias": "dataset: «*»xor\n",
    "an open bracket": "dataset: {name: xor\nnetwork«:» 1\n",
    "an open quote": "dataset: 'xor\n«»",
    "bad indentation": "dataset: xor\n  network«:» 1\n",
    "a number of 2,000 digits": "seed: «" + "1" * 2000 + "»",
    "a character beyond Unicode": 'name: "\\U«FFFFFFFF»"\n',
    "half a character": 'name: «"»\\uD800"\n',
    "a NUL byte": "dataset: xor\nname: a«\0»b\n",
    "UTF-16": "dataset: xor\n".encode("utf-16"),
    "binary": bytes(range(256)),
    "too long a file": "# " + "x" * 1_000_000,
    "a merge key": "base: &base {units: 2}\nnetwork: {layers: [{«<<»: *base}]}\n",
}

FORMULAS = {
    "an unknown variable": "«q1» + q",
    "in quotes": '"q + 2*«x»"',
    "beside wide letters": "2*«漢 »+ q",
    "after wide letters": "q*(1+«é»)",
    "an import": "«__import__»('os')",
    "an attribute": "«q.real»",
    "a method": "«q.sum»()",
    "a keyword argument": "'«exp»(x=q)'",
    "a lambda": "'«lambda»: q'",
    "a string": "'q + «\"»a\"'",
    "true": "q + «True»",
    "a comprehension": "'«[»q for q in q]'",
    "a walrus": "'(«a» := q)'",
    "a chain": "«0» < q < 1",
    "an equation": "y «=» q",
    "half": "q «+»",
    "a caret": "«q» ^ 2",
    "too few arguments": "«arctan2»(q)",
    "10,000 characters": "«" + "q" * 10_000 + "»",
    "deep nesting": "-" * 201 + "«" + "-" * 699 + "»q",
    "deep brackets": "(" * 200 + "«(»" + "(" * 249 + "q" + ")" * 450,
    "a huge number": "«1" + "0" * 400 + "»",
    "a huge number in a sum": "q + «1" + "0" * 400 + "»",
    "a huge power": "«q * 9**9**9»",
    "a root of a negative": "«sqrt(q)»",
}

TOGETHER = {
    "no source": "«dataset»: {targets: [y]}\n" + ONE_UNIT,
    "two sources": "«dataset»: {name: xor, path: a.csv}\n" + ONE_UNIT,
    "rows without columns": "dataset: {rows: «[[1, 2]]», targets: [b]}\n" + ONE_UNIT,
    "no targets": "«dataset»: {path: a.csv}\n" + ONE_UNIT,
    "a target that is an input": "dataset: {name: xor, inputs: [x1, y], targets: [«y»]}\n" + ONE_UNIT,
    "roles beside a formula": "dataset: {name: linear_map, «targets»: [X1]}\n" + ONE_UNIT,
    "a short row": rows("[[1, 2], «[3]»]"),
    "text in a row": rows("[[1, 2], [«x», 4], [5, 6]]"),
    "nothing in a row": rows("[[1, «null»]]"),
    "two columns of a name": "dataset: {columns: [a, «a»], rows: [[1, 2]], targets: [a]}\n" + ONE_UNIT,
    "an empty range": formula("q").replace("[-1, 1]", "«[1, 1]»"),
    "half a range": formula("q").replace("[-1, 1]", "«[1]»"),
    "three ends of a range": formula("q").replace("[-1, 1]", "«[1, 2, 3]»"),
    "a range beyond floats": formula("q").replace("[-1, 1]", "«[-1e308, 1e308]»"),
    "an input no formula can name": formula("'1'").replace("q:", "«lambda»:"),
    "an input without a name": formula("'1'").replace("q:", "«''»:"),
    "a target that is a formula's input": formula("q").replace("y:", "«q»:"),
    "a table of terabytes": formula("q").replace("targets", "samples: «1e12», targets"),
    "too large a network": "dataset: xor\nnetwork:\n  layers:\n    «-» units: 100000\n"
    "    - units: 100000\n    - units: 1\n",
    "a softmax inside": layer("{units: 2, activation: «softmax»}"),
    "a loss without its activation": "dataset: xor\n" + ONE_UNIT + "loss: «binary_cross_entropy»\n",
    "nesterov alone": with_line("optimizer: {name: sgd, nesterov: «true»}"),
    "a range upside down": layer("{units: 1, weight_init: «{name: uniform, low: 2, high: 1}»}"),
    "a start beyond floats": layer("{units: 1, weight_init: «{name: uniform, low: -1e308, high: 1e308}»}"),
    "a shorthand that needs more": layer("{units: 1, «bias_init»: constant}"),
    "a transposed matrix": layer("{units: 3, weights: «[[1, 2, 3], [4, 5, 6]]»}"),
    "a matrix of the wrong shape": layer("{units: 3, weights: «[[1, 2]]»}"),
    "a ragged matrix": layer("{units: 2, weights: [[1, 2], «[3]»]}"),
    "too few biases": layer("{units: 2, biases: «[1]»}"),
    "biases without bias": layer("{units: 1, bias: false, biases: «[1]»}"),
    "units for the targets": "dataset: xor\nnetwork: {layers: [{units: «2»}]}\n",
    "units for the classes": rows("[[1, u], [2, v], [3, w]]", "").replace(
        "{units: 1}", "{units: «2», activation: softmax}"
    ),
    "a metric of classes for numbers": "dataset: linear_map\nnetwork: {layers: [{units: 2}]}\n"
    "metrics: [mse, «accuracy»]\n",
    "targets that are no shares": (
        rows("[[1, 2], [3, 4]]", "loss: «binary_cross_entropy»\n").replace(
            "units: 1", "units: 1, activation: sigmoid"
        )
    ),
    "three classes for two": rows("[[1, u], [2, v], [3, w]]").replace("targets", "task: «binary», targets"),
    "a missing column": "dataset: {name: xor, inputs: [x1, «x3»], targets: [z], id: w}\n" + ONE_UNIT,
    "no file": "dataset: {path: «a.csv», targets: [y]}\n" + ONE_UNIT,
}


# Mistakes whose message says all there is to do.
WITHOUT_HINT = {
    "a number out of range",
    "a huge whole number",
    "too many layers",
    "a long name",
    "a seed too large",
    "a number no float holds",
    "aliases nested ever deeper",
    "5,000 brackets",
    "5,000 mappings",
    "a tag that does not fit",
    "a number of 2,000 digits",
    "a character beyond Unicode",
    "an input without a name",
    "too few arguments",
    "10,000 characters",
    "a huge number",
    "a huge number in a sum",
}


def table(**groups: Mapping[str, str | bytes]) -> list[object]:
    return [
        pytest.param(name, content, id=f"{group}: {name}")
        for group, cases in groups.items()
        for name, content in cases.items()
    ]


def unmarked(content: str | bytes) -> tuple[str | bytes, str, str]:
    """The content without «», the place they mark as errors print it, and the text between them."""
    if isinstance(content, bytes) or "«" not in content:
        return content, "c.yaml: ", ""
    before, _, rest = content.partition("«")
    within, _, after = rest.partition("»")
    lines = before.split("\n")
    return before + within + after, f"c.yaml:{len(lines)}:{len(lines[-1]) + 1}: ", within


@pytest.mark.parametrize(("name", "content"), table(schema=SCHEMA, yaml=YAML, together=TOGETHER))
def test_a_mistake_names_place_value_and_remedy(
    refused: Refused, golden: Golden, name: str, content: str | bytes
) -> None:
    text, place, marked = unmarked(content)
    error = refused(text)[0]
    assert_told(error, place, hinted=name not in WITHOUT_HINT)
    if place != "c.yaml: ":
        assert_carets(error, marked)
    golden.check(reported(error))


@pytest.mark.parametrize(("name", "text"), FORMULAS.items(), ids=FORMULAS)
def test_a_formula_is_marked_at_its_slip(refused: Refused, golden: Golden, name: str, text: str) -> None:
    content, place, marked = unmarked(formula(text))
    error = refused(content)[0]
    assert_told(error, f"{place}dataset.function.targets.y: ", hinted=name not in WITHOUT_HINT)
    assert_carets(error, marked)
    golden.check(reported(error))


def assert_told(error: NncliError, place: str, *, hinted: bool) -> None:
    """The message says something after the place, and there is a hint where one is due."""
    assert error.message.startswith(place)
    assert error.message.removeprefix(place).strip()
    assert bool(error.hint) is hinted


def assert_carets(error: NncliError, marked: str) -> None:
    """They stand below the marked text, or what fits of it."""
    assert error.source is not None
    line, carets = error.source.splitlines()
    start, width = carets.index("^"), carets.count("^")
    assert line[start:][:width] == re.sub(r"\s|\0", " ", marked)[:width]
    assert width >= min(len(marked), 38)
    assert len(line) <= 120
    assert len(error.blocks()[0].splitlines()) <= 12


def test_a_mistake_is_one_block(refused: Refused) -> None:
    assert refused(with_line("optimizer: {name: sgd, learning_rte: 1e-3}"))[0].blocks()[0] == (
        "error: c.yaml:6:24: optimizer.learning_rte: unknown key\n"
        "6 | optimizer: {name: sgd, learning_rte: 1e-3}\n"
        "  |                        ^^^^^^^^^^^^\n"
        "hint: did you mean learning_rate? valid keys: name, learning_rate, momentum, nesterov, "
        "weight_decay,\n"
        "      schedule, clip_norm"
    )


@pytest.mark.parametrize(("key", "line"), OTHERS.items(), ids=OTHERS)
def test_keys_of_other_tools_are_unknown(refused: Refused, key: str, line: str) -> None:
    head = line.partition(":")[0]
    rest = [text for text in ("dataset: xor", "network: {layers: [{units: 1}]}") if not text.startswith(head)]
    (error,) = refused("\n".join([line, *rest]))
    assert f"{key}: unknown key" in error.message


@pytest.mark.parametrize("text", ["1e-3", "1E-3", "+.001", "0.1e-2"])
def test_numbers_of_yaml_1_2_are_numbers(tmp_path: Path, text: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(with_line(f"optimizer: {{name: sgd, learning_rate: {text}}}"))
    assert load_config(file).optimizer.options()["learning_rate"] == 0.001


def test_off_is_text_in_yaml_1_2(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(with_line("name: off"))
    assert load_config(file).name == "off"


def test_all_mistakes_come_at_once_in_the_order_of_the_file(refused: Refused) -> None:
    errors = refused(
        "training: {epocs: 1, batch_size: ful}\n"
        "dataset: xor\n"
        "sed: 3\n"
        "network: {layers: [{units: one}], layer: 3}\n"
        "sed: 4\n"
    )
    heads = [error.message for error in errors]
    assert heads == [
        "c.yaml:1:12: training.epocs: unknown key",
        "c.yaml:1:34: training.batch_size: expected 'full' or a whole number of at least 1, found text 'ful'",
        "c.yaml:4:28: network.layers[0].units: expected a whole number, found text 'one'",
        "c.yaml:4:35: network.layer: unknown key",
        "c.yaml:5:1: sed: unknown key",
        "c.yaml:5:1: duplicate key 'sed'",
    ]


def test_contradictions_are_found_beside_unknown_keys(refused: Refused) -> None:
    heads = [error.message for error in refused(formula("q + x") + "sed: 3\n")]
    assert heads == [
        "c.yaml:1:61: dataset.function.targets.y: unknown variable 'x'",
        "c.yaml:3:1: sed: unknown key",
    ]


def test_what_does_not_fit_the_data_comes_at_once(refused: Refused) -> None:
    errors = refused(
        "dataset: xor\nnetwork: {layers: [{units: 2, weights: [[1], [2]]}]}\nmetrics: [accuracy]\n"
        "optimizer: {name: sgd, nesterov: false}\n"
    )
    heads = [error.message for error in errors]
    assert heads == [
        "c.yaml:2:28: network.layers[0].units: the last layer has 2 units but needs 1 for 1 target (y)",
        "c.yaml:2:40: network.layers[0].weights: expected shape (units, inputs) = (2, 2), found (2, 1)",
        "c.yaml:3:11: metrics[0]: accuracy is a classification metric, but the task is regression",
    ]


def test_no_more_than_twenty_mistakes_are_shown(refused: Refused) -> None:
    errors = refused(XOR + "".join(f"key{number}: 1\n" for number in range(30)))
    assert len(errors) == 21
    assert errors[-1].blocks() == ["error: and 10 mistakes more\nhint: fix these first, then check again"]


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("y: q + «x»", id="plain"),
        pytest.param("y: 'q + «x»'", id="quoted"),
        pytest.param("y: !!str q + «x»", id="tagged"),
        pytest.param("y: &f q + «x»", id="anchored"),
        pytest.param("y: |~        q + «x»", id="literal"),
        pytest.param("y: |~        q +~        «x»", id="literal of two lines"),
        pytest.param("y: >-~        q + «x»", id="folded"),
        pytest.param('y: «"q\\t+ x"»', id="escaped: the whole"),
        pytest.param("y: «q»~        + x", id="over two lines: the whole"),
    ],
)
def test_a_formula_is_marked_however_yaml_writes_it(refused: Refused, end: str, text: str) -> None:
    lines = ["network: {layers: [{units: 1}]}", "dataset:", "  function:", "    targets:", f"     {text}"]
    content = "~".join([*lines, "    inputs: {q: [-1, 1]}", ""]).replace("~", "\n")
    plain, place, marked = unmarked(content)
    (error,) = refused(str(plain).replace("\n", end).encode())
    assert error.message == f"{place}dataset.function.targets.y: unknown variable 'x'"
    assert_carets(error, marked)


def test_carets_stand_below_the_text_after_wide_characters(refused: Refused) -> None:
    (error,) = refused(XOR + "record: {history: '漢字', e\u0301: 1}\n".replace("'漢字'", "auto"))
    line, carets = str(error.source).splitlines()
    assert line.index("e\u0301") == carets.index("^")
    (error,) = refused(formula("漢漢 + q"))
    line, carets = str(error.source).splitlines()
    assert carets.count("^") == 4


def test_aliases_give_their_values(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(
        "network:\n  layers:\n"
        "    - &hidden {units: 2, activation: tanh}\n    - *hidden\n    - {units: 1}\n"
        "dataset: xor\n"
    )
    layers = load_config(file).network.layers
    assert [(layer.units, layer.activation.name) for layer in layers] == [
        (2, "tanh"),
        (2, "tanh"),
        (1, "identity"),
    ]


def test_nothing_a_terminal_obeys_reaches_the_message(refused: Refused) -> None:
    (error,) = refused(XOR + '"\\e[31mred\\n": 1\n')
    assert error.message == "c.yaml:6:1: \\x1b[31mred\\n: unknown key"


def directory(path: Path) -> None:
    path.mkdir()


def run_directory(path: Path) -> None:
    path.mkdir()
    (path / "config.yaml").touch()


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def missing(path: Path) -> None:
    pass


@pytest.mark.parametrize(
    ("make", "block"),
    [
        (directory, "error: c.yaml: is a directory, not a config"),
        (
            run_directory,
            "error: c.yaml: is a directory, not a config\nhint: use the config in it: c.yaml/config.yaml",
        ),
        (
            missing,
            "error: c.yaml: No such file or directory\n"
            "hint: check the path, or write a config with: nncli init xor",
        ),
        (
            endless,
            "error: c.yaml: more than 1,000,000 characters\n"
            "hint: move long tables to a CSV file and set dataset.path",
        ),
    ],
)
def test_what_is_no_file_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], None], block: str
) -> None:
    monkeypatch.chdir(tmp_path)
    make(Path("c.yaml"))
    with pytest.raises(ConfigError) as caught:
        load_config("c.yaml")
    assert caught.value.blocks() == [block]


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.symlink_to(file)  # a file without permissions would be readable to root
    with pytest.raises(ConfigError, match=r"c\.yaml: Too many levels of symbolic links"):
        load_config(file)


def test_a_path_that_is_none_is_named() -> None:
    with pytest.raises(ConfigError, match="not a valid path"):
        load_config("a\0b.yaml")


def test_a_directory_is_refused_with_the_config_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("run").mkdir()
    with pytest.raises(ConfigError, match=r"^run: is a directory, not a config$") as caught:
        load_config("run")
    assert caught.value.hint is None
    Path("run/config.yaml").write_text(XOR)
    with pytest.raises(ConfigError) as caught:
        load_config("run")
    assert caught.value.hint == "use the config in it: run/config.yaml"


def test_a_file_that_is_not_there_is_refused_with_the_one_that_may_be_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def hint(path: str) -> str | None:
        with pytest.raises(ConfigError, match=f"^{path}: No such file or directory$") as caught:
            load_config(path)
        return caught.value.hint

    assert hint("xor") == (
        "give a config file (xor.yaml does not exist either), or write a config with: nncli init xor"
    )
    Path("xor.yaml").write_text(XOR)
    assert hint("xor") == "did you mean xor.yaml?"
    assert hint("not.yaml") == "check the path, or write a config with: nncli init xor"
