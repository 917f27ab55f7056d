"""Every mistake ends in one block that names the place, what was found and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from nncli.config import load_config
from nncli.messages.errors import ConfigError, NncliError

from .conftest import Refused

XOR = """\
dataset: xor
network:
  layers:
    - {units: 2, activation: tanh}
    - {units: 1, activation: sigmoid}
"""


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


ARITHMETIC = "only numbers, variables, + - * / **, comparisons and functions are allowed in a formula"
FUNCTIONS = (
    "abs, sqrt, cbrt, square, exp, exp2, expm1, log, log2, log10, log1p, sin, cos, tan, arcsin, arccos,"
    " arctan, arctan2, sinh, cosh and 11 more"
)

# What is written, with the place «marked», the message and the hint that answer.
SCHEMA = {
    "a key misspelt at the root": (
        with_line("«optimiser»: adam"),
        "optimiser: unknown key",
        "did you mean optimizer? allowed here: name, seed, dataset, network, loss, metrics, gradient,"
        " optimizer, training, record",
    ),
    "a key misspelt inside": (
        with_line("training: {«epocs»: 5}"),
        "training.epocs: unknown key",
        "did you mean epochs? allowed here: epochs, batch_size, shuffle,"
        " evaluate_every, early_stopping, stop_when, log_every, checkpoint_every, threads, dtype, engine",
    ),
    "a key misspelt in a layer": (
        layer("{«unit»: 1}"),
        "network.layers[0].unit: unknown key",
        "did you mean units? allowed here: "
        "units, activation, bias, l1, l2, dropout, weight_init, bias_init, weights, biases",
    ),
    "an option of another entry": (
        with_line("optimizer: {name: adam, «momentum»: 0.9}"),
        "optimizer.momentum: unknown key",
        "allowed here: name, learning_rate, beta1, beta2, epsilon, weight_decay, schedule, clip_norm",
    ),
    "a name misspelt": (
        with_line("optimizer: {«nam»: adam}"),
        "optimizer.nam: unknown key",
        "did you mean name?",
    ),
    "a duplicate key": (
        with_line("«dataset»: xor"),
        "duplicate key 'dataset'",
        "it stands on line 1 already; remove one of the two",
    ),
    "an unknown activation": (
        layer("{units: 1, activation: «sigmoidd»}"),
        "network.layers[0].activation: unknown value 'sigmoidd'",
        "did you mean sigmoid? choose from: identity, relu, leaky_relu, elu, gelu, silu, softplus, sigmoid,"
        " tanh, softmax",
    ),
    "an unknown metric": (
        with_line("metrics: [mse, «acuracy»]"),
        "metrics[1]: unknown value 'acuracy'",
        "did you mean accuracy? choose from: mse, rmse, mae, max_error, r2, accuracy,"
        " precision, recall, f1, auc, log_loss",
    ),
    "an unknown built-in set": (
        "dataset: «xorr»\nnetwork: {layers: [{units: 1}]}\n",
        "dataset.name: no built-in dataset 'xorr'",
        "did you mean xor? built in: xor, not, linear_map, linear_map_nonlinear, perceptron, worked_example,"
        " height_weight, iris, diabetes, digits; for a file write dataset: {path: FILE.csv,"
        " targets: [COLUMN]}",
    ),
    "a missing key": (
        "dataset: xor\n«network»:\n  weight_init: zeros\n",
        "network: missing key 'layers'",
        "hidden layers, then the output",
    ),
    "a missing option": (
        layer("{units: 1, «activation»: {slope: 1}}"),
        "network.layers[0].activation: missing key 'name'",
        "choose from: identity, relu, leaky_relu, elu, gelu, silu, softplus, sigmoid, tanh, softmax",
    ),
    "text for a number": (
        with_line("optimizer: {name: sgd, learning_rate: «fast»}"),
        "optimizer.learning_rate: expected a number, found text 'fast'",
        None,
    ),
    "a number in quotes": (
        with_line('optimizer: {name: sgd, learning_rate: «"1e-3"»}'),
        "optimizer.learning_rate: expected a number, found text '1e-3'",
        "remove the quotes to make it a number",
    ),
    "a number with underscores": (
        with_line("training: {epochs: «1_000»}"),
        "training.epochs: expected a whole number, found text '1_000'",
        "write 1000",
    ),
    "a fraction for a whole number": (
        with_line("training: {epochs: «1.5»}"),
        "training.epochs: expected a whole number, found 1.5",
        None,
    ),
    "a number out of range": (
        with_line("optimizer: {name: sgd, learning_rate: «-1»}"),
        "optimizer.learning_rate: must be > 0, found -1",
        None,
    ),
    "a huge whole number": (
        layer("{units: «100000000000000000000»}"),
        "network.layers[0].units: must be <= 100000, found 100000000000000000000",
        None,
    ),
    "no number": (
        with_line("optimizer: {name: sgd, learning_rate: «.nan»}"),
        "optimizer.learning_rate: expected a finite number, found nan",
        None,
    ),
    "true for a number": (
        layer("{units: «true»}"),
        "network.layers[0].units: expected a whole number, found true",
        None,
    ),
    "yes for true": (
        layer("{units: 1, bias: «yes»}"),
        "network.layers[0].bias: expected true or false, found text 'yes'",
        "YAML 1.2 writes true and false",
    ),
    "a union of name and number": (
        with_line("training: {batch_size: «ful»}"),
        "training.batch_size: expected full or a whole number from 1, found text 'ful'",
        None,
    ),
    "a union of number and share": (
        with_line("training: {log_every: «200%»}"),
        "training.log_every: expected a whole number from 1, or a share from 1% to 100%, found text '200%'",
        None,
    ),
    "a list where a mapping belongs": (
        with_line("training: «[epochs, 3]»"),
        "training: expected a mapping, found a list of 2 entries",
        None,
    ),
    "a mapping where a list belongs": (
        with_line("metrics: «{mse: 1}»"),
        "metrics: expected a list, found a mapping",
        None,
    ),
    "nothing where something belongs": (
        with_line("training:«»"),
        "training: expected a mapping, found nothing",
        None,
    ),
    "too many layers": (
        "dataset: xor\nnetwork: {layers: «[" + "{units: 1}, " * 1001 + "]»}\n",
        "network.layers: must have at most 1,000 entries",
        None,
    ),
    "an empty name": (
        with_line("name: «''»"),
        "name: must not be empty",
        "of the run; default: the file's stem",
    ),
    "a long name": (
        with_line("name: «" + "x" * 101 + "»"),
        "name: must have at most 100 characters, found 101",
        None,
    ),
    "a seed too large": (
        with_line("seed: «18446744073709551616»"),
        "seed.data: must be <= 9223372036854775807, found 18446744073709551616",
        None,
    ),
    "a number no float holds": (
        with_line("optimizer: {name: sgd, learning_rate: «1" + "0" * 400 + "»}"),
        "optimizer.learning_rate: a number of 401 digits; at most 308 can be used",
        None,
    ),
    "a list as a name": (
        with_line("loss: «[mse]»"),
        "loss: expected a name or a mapping, found a list of 1 entry",
        None,
    ),
    "a number as a name": (
        with_line("loss: «{name: 3}»"),
        "loss: expected a name, found 3",
        "choose from: mse, mae, huber, binary_cross_entropy, cross_entropy, squared_error,"
        " half_squared_error",
    ),
}

# Keys that other tools have are plain unknown keys.
OTHERS = {
    "device": "training: {device: cuda}",
    "patience": "training: {patience: 5}",
}

YAML = {
    "a tab": (
        "dataset: xor\nnetwork:\n«\t»layers: []\n",
        "a tab; YAML is indented with spaces",
        "replace the tab by spaces",
    ),
    "nothing": ("", "the file is empty", "nncli init xor writes a config to start from"),
    "only comments": (
        "# nothing\n\n# at all\n",
        "the file is empty",
        "nncli init xor writes a config to start from",
    ),
    "a list at the root": (
        "«-» dataset: xor\n",
        "expected a mapping of keys to values, found a list",
        "for example: dataset: xor",
    ),
    "text at the root": (
        "«xor»\n",
        "expected a mapping of keys to values, found 'xor'",
        "for example: dataset: xor",
    ),
    "an alias bomb": (
        "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
        "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
        "e: «&»e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e, *e, *e, *e, *e, *e]\n",
        "more than 100,000 values once aliases are written out",
        "give long tables as a CSV file: dataset.path",
    ),
    "an alias inside itself": ("a: «&»a [*a]\n", "an alias that contains itself", "write the values out"),
    "aliases nested ever deeper": (
        "a0: &a0 [1]\n"
        + "".join(f"a{i}: {'«&»' if i == 49 else '&'}a{i} [*a{i - 1}]\n" for i in range(1, 2000)),
        "nested more than 50 levels deep",
        None,
    ),
    "5,000 brackets": (
        "dataset: " + "[" * 50 + "«[»" + "[" * 4949,
        "nested more than 50 levels deep",
        None,
    ),
    "5,000 mappings": (
        "{a: " * 50 + "{«a»: " + "{a: " * 4949,
        "nested more than 50 levels deep",
        None,
    ),
    "two documents": (
        "dataset: xor\n«---»\ndataset: xor\n",
        "a second document; a config is one",
        "remove the line ---",
    ),
    "a Python object": (
        "dataset: «!»!python/object/apply:os.system [ls]\n",
        "tag !!python/object/apply:os.system is not allowed",
        "write plain values",
    ),
    "a tag of YAML 1.1": (
        "dataset: «!»!timestamp 2001-01-01\n",
        "tag !!timestamp is not allowed",
        "write plain values",
    ),
    "a tag that does not fit": ("seed: «!»!int three\n", "'three' is no int", None),
    "a list as a key": ("? «[»a]\n: 1\n", "a list or mapping as a key", "keys are text"),
    "an unknown alias": (
        "dataset: «*»xor\n",
        "not readable as YAML: found undefined alias 'xor'",
        "a * refers to an & above it; quote text that starts with *",
    ),
    "an open bracket": (
        "dataset: {name: xor\nnetwork«:» 1\n",
        "not readable as YAML: expected ',' or '}', but got ':' while parsing a flow mapping",
        "separate entries by commas and close the bracket",
    ),
    "an open quote": (
        "dataset: 'xor\n«»",
        "not readable as YAML: found unexpected end of stream while scanning a quoted scalar",
        "close the quote or bracket",
    ),
    "bad indentation": (
        "dataset: xor\n  network«:» 1\n",
        "not readable as YAML: mapping values are not allowed here",
        "quote text that holds ': ', and give every key a line of its own",
    ),
    "a number of 2,000 digits": ("seed: «" + "1" * 2000 + "»", "a number of 2,000 characters", None),
    "a character beyond Unicode": (
        'name: "\\U«FFFFFFFF»"\n',
        "an escape or number beyond what YAML allows",
        None,
    ),
    "half a character": (
        'name: «"»\\uD800"\n',
        "the character '\\ud800' cannot stand in a config",
        "save the file as plain UTF-8 text",
    ),
    "a NUL byte": (
        "dataset: xor\nname: a«\0»b\n",
        "the character '\\x00' cannot stand in a config",
        "save the file as plain UTF-8 text",
    ),
    "UTF-16": ("dataset: xor\n".encode("utf-16"), "not UTF-8 text (byte 0)", "save the file as UTF-8"),
    "binary": (bytes(range(256)), "not UTF-8 text (byte 128)", "save the file as UTF-8"),
    "too long a file": (
        "# " + "x" * 1_000_000,
        "more than 1,000,000 characters",
        "give long tables as a CSV file: dataset.path",
    ),
    "a merge of no mapping": ("dataset:\n  <<: «3»\n", "<< merges mappings alone", "write <<: *NAME"),
}

FORMULAS = {
    "an unknown variable": ("«q1» + q", "unknown variable 'q1'", "did you mean q? known: q, pi, e"),
    "in quotes": ('"q + 2*«x»"', "unknown variable 'x'", "known: q, pi, e"),
    "beside wide letters": ("2*«漢 »+ q", "unknown variable '漢'", "known: q, pi, e"),
    "after wide letters": ("q*(1+«é»)", "unknown variable 'é'", "known: q, pi, e"),
    "an import": (
        "«__import__»('os')",
        "unknown function '__import__'",
        f"known: {FUNCTIONS}",
    ),
    "an attribute": (
        "«q.real»",
        ARITHMETIC,
        f"functions: {FUNCTIONS}",
    ),
    "a method": (
        "«q.sum»()",
        ARITHMETIC,
        f"functions: {FUNCTIONS}",
    ),
    "a keyword argument": (
        "'«exp»(x=q)'",
        ARITHMETIC,
        f"functions: {FUNCTIONS}",
    ),
    "a lambda": (
        "'«lambda»: q'",
        ARITHMETIC,
        f"functions: {FUNCTIONS}",
    ),
    "a string": (
        "'q + «\"»a\"'",
        ARITHMETIC,
        f"functions: {FUNCTIONS}",
    ),
    "true": (
        "q + «True»",
        ARITHMETIC,
        f"functions: {FUNCTIONS}",
    ),
    "a comprehension": (
        "'«[»q for q in q]'",
        ARITHMETIC,
        f"functions: {FUNCTIONS}",
    ),
    "a walrus": (
        "'(«a» := q)'",
        ARITHMETIC,
        f"functions: {FUNCTIONS}",
    ),
    "a chain": ("«0» < q < 1", "a chain of comparisons", "write a product: (0 < q) * (q < 1)"),
    "an equation": ("y «=» q", "cannot read 'y = q' as a formula", "write the right side alone, without ="),
    "half": ("q «+»", "cannot read 'q +' as a formula", "for example q1 + q2**2 - 1"),
    "a caret": ("«q» ^ 2", "'^' is not a power here", "write ** for a power: q**2"),
    "too few arguments": ("«arctan2»(q)", "arctan2 takes 2 arguments, found 1", None),
    "10,000 characters": (
        "«" + "q" * 10_000 + "»",
        "a formula of 10,000 characters; the limit is 1,000",
        None,
    ),
    "deep nesting": (
        "-" * 201 + "«" + "-" * 699 + "»q",
        "nested more than 200 levels deep",
        "split the formula into several columns",
    ),
    "deep brackets": (
        "(" * 200 + "«(»" + "(" * 249 + "q" + ")" * 450,
        "cannot read '(((((((((((((((((((((((((((((((((((((((((((((((((((((((((...' as a formula",
        "for example q1 + q2**2 - 1",
    ),
    "a huge number": (
        "«1" + "0" * 400 + "»",
        "expected text, found 100000000000000000000000000000000000000000000000000000000...",
        None,
    ),
    "a huge number in a sum": (
        "q + «1" + "0" * 400 + "»",
        "a number beyond the largest float, about 1.8e308",
        None,
    ),
    "a huge power": (
        "«q * 9**9**9»",
        "'q * 9**9**9' is not finite at q = -0.0896026",
        "narrow the ranges of the inputs to where the formula is defined",
    ),
    "a root of a negative": (
        "«sqrt(q)»",
        "'sqrt(q)' is not finite at q = -0.0896026",
        "narrow the ranges of the inputs to where the formula is defined",
    ),
}

TOGETHER = {
    "no source": (
        "«dataset»: {targets: [y]}\nnetwork: {layers: [{units: 1}]}\n",
        "dataset: needs one source of rows, found none",
        "give one of: name, path, function, columns + rows",
    ),
    "two sources": (
        "«dataset»: {name: xor, path: a.csv}\nnetwork: {layers: [{units: 1}]}\n",
        "dataset: needs one source of rows, found 2: name, path",
        "give one of: name, path, function, columns + rows",
    ),
    "rows without columns": (
        "dataset: {rows: «[[1, 2]]», targets: [b]}\nnetwork: {layers: [{units: 1}]}\n",
        "dataset.rows: columns and rows go together",
        "columns: [x, y] with rows: [[0, 1], [1, 0]]",
    ),
    "no targets": (
        "«dataset»: {path: a.csv}\nnetwork: {layers: [{units: 1}]}\n",
        "dataset: missing key 'targets'",
        "name the columns to predict: targets: [COLUMN]",
    ),
    "a target that is an input": (
        "dataset: {name: xor, inputs: [x1, y], targets: [«y»]}\nnetwork: {layers: [{units: 1}]}\n",
        "dataset.targets[0]: 'y' is named under inputs already",
        "name each column once",
    ),
    "roles beside a formula": (
        "dataset: {name: linear_map, «targets»: [X1]}\nnetwork: {layers: [{units: 1}]}\n",
        "dataset.targets: a formula names its own inputs and targets",
        "remove the key",
    ),
    "a short row": (rows("[[1, 2], «[3]»]"), "dataset.rows[1]: 1 value for 2 columns", "columns: a, b"),
    "text in a row": (
        rows("[[1, 2], [«x», 4], [5, 6]]"),
        "dataset.rows[1][0]: a: 'x' is not a finite number",
        "every cell of an input or target column must hold a number",
    ),
    "nothing in a row": (
        rows("[[1, «null»]]"),
        "dataset.rows[0][1]: expected a number or text, found nothing",
        None,
    ),
    "two columns of a name": (
        "dataset: {columns: [a, «a»], rows: [[1, 2]], targets: [a]}\nnetwork: {layers: [{units: 1}]}\n",
        "dataset.columns[1]: 2 columns are called 'a'",
        "rename one",
    ),
    "an empty range": (
        formula("q").replace("[-1, 1]", "«[1, 1]»"),
        "dataset.function.inputs.q: an empty range: [1.0, 1.0]",
        "write [low, high] with low < high",
    ),
    "half a range": (
        formula("q").replace("[-1, 1]", "«[1]»"),
        "dataset.function.inputs.q: expected a list [low, high], found 1 entry",
        None,
    ),
    "three ends of a range": (
        formula("q").replace("[-1, 1]", "«[1, 2, 3]»"),
        "dataset.function.inputs.q: expected a list [low, high], found a list of 3 entries",
        None,
    ),
    "a range beyond floats": (
        formula("q").replace("[-1, 1]", "«[-1e308, 1e308]»"),
        "dataset.function.inputs.q: [-1e+308, 1e+308] is too wide a range",
        "bring its ends nearer",
    ),
    "an input no formula can name": (
        formula("'1'").replace("q:", "«lambda»:"),
        "dataset.function.inputs.lambda: 'lambda' cannot stand in a formula",
        "use letters, digits and _, and begin with a letter",
    ),
    "an input without a name": (
        formula("'1'").replace("q:", "«''»:"),
        "dataset.function.inputs.: must not be empty",
        None,
    ),
    "a target that is a formula's input": (
        formula("q").replace("y:", "«q»:"),
        "dataset.function.targets.q: is an input as well",
        "rename one of the two",
    ),
    "a table of terabytes": (
        formula("q").replace("targets", "samples: «1e12», targets"),
        "dataset.function.samples: 1,000,000,000,000 rows take 16,000 GB",
        "a generated table has at most 1 GB; give fewer samples",
    ),
    "too large a network": (
        "dataset: xor\nnetwork:\n  layers:\n    «-» units: 100000\n    - units: 100000\n    - units: 1\n",
        "network.layers: 10,000,500,001 weights and biases",
        "at most 100,000,000: use fewer units",
    ),
    "a softmax inside": (
        layer("{units: 2, activation: «softmax»}"),
        "network.layers[0].activation: softmax belongs in the last layer",
        "hidden layers take tanh, relu, sigmoid ...",
    ),
    "a loss without its activation": (
        "dataset: xor\nnetwork: {layers: [{units: 1}]}\nloss: «binary_cross_entropy»\n",
        "loss: binary_cross_entropy needs a last layer with activation sigmoid, found identity",
        "set activation: sigmoid in the last layer, or loss: mse",
    ),
    "nesterov alone": (
        with_line("optimizer: {name: sgd, nesterov: «true»}"),
        "optimizer.nesterov: nesterov needs a momentum above 0",
        "add momentum: 0.9",
    ),
    "a range upside down": (
        layer("{units: 1, weight_init: «{name: uniform, low: 2, high: 1}»}"),
        "network.layers[0].weight_init: low 2.0 is above high 1.0",
        "swap the two",
    ),
    "a start beyond floats": (
        layer("{units: 1, weight_init: «{name: uniform, low: -1e308, high: 1e308}»}"),
        "network.layers[0].weight_init: the range from -1e+308 to 1e+308 is too wide",
        "bring its ends nearer",
    ),
    "a shorthand that needs more": (
        layer("{units: 1, «bias_init»: constant}"),
        "network.layers[0].bias_init: missing key 'value'",
        "the number",
    ),
    "a transposed matrix": (
        layer("{units: 3, weights: «[[1, 2, 3], [4, 5, 6]]»}"),
        "network.layers[0].weights: shape (2, 3) where the layer needs (units, inputs) = (3, 2)",
        "the matrix is transposed: write one row per neuron, not one per input",
    ),
    "a matrix of the wrong shape": (
        layer("{units: 3, weights: «[[1, 2]]»}"),
        "network.layers[0].weights: shape (1, 2) where the layer needs (units, inputs) = (3, 2)",
        "write one row per neuron, with one number per input",
    ),
    "a ragged matrix": (
        layer("{units: 2, weights: [[1, 2], «[3]»]}"),
        "network.layers[0].weights[1]: 1 number in this row, 2 in the first",
        "write one row per neuron, with one number per input",
    ),
    "too few biases": (
        layer("{units: 2, biases: «[1]»}"),
        "network.layers[0].biases: 1 number for 2 units",
        "write one number per neuron",
    ),
    "biases without bias": (
        layer("{units: 1, bias: false, biases: «[1]»}"),
        "network.layers[0].biases: given, but bias is false",
        "remove one of the two",
    ),
    "units for the targets": (
        "dataset: xor\nnetwork: {layers: [{units: «2»}]}\n",
        "network.layers[0].units: 2 units in the last layer for 1 target (y)",
        "set units: 1",
    ),
    "units for the classes": (
        rows("[[1, u], [2, v], [3, w]]", "").replace("{units: 1}", "{units: «2», activation: softmax}"),
        "network.layers[0].units: 2 units in the last layer for 3 classes (u, v, w)",
        "set units: 3",
    ),
    "a metric of classes for numbers": (
        "dataset: linear_map\nnetwork: {layers: [{units: 2}]}\nmetrics: [mse, «accuracy»]\n",
        "metrics[1]: accuracy is for classes; the task is regression",
        "use mse, mae or r2",
    ),
    "targets that are no shares": (
        rows("[[1, 2], [3, 4]]", "loss: «binary_cross_entropy»\n").replace(
            "units: 1", "units: 1, activation: sigmoid"
        ),
        "loss: binary_cross_entropy needs targets between 0 and 1, found 2 to 4",
        "loss: mse takes any target",
    ),
    "three classes for two": (
        rows("[[1, u], [2, v], [3, w]]").replace("targets", "task: «binary», targets"),
        "dataset.task: binary needs two classes, but b has 3 classes: u, v, w",
        "multiclass takes any number, with softmax and a unit for each",
    ),
    "a missing column": (
        "dataset: {name: xor, inputs: [x1, «x3»], targets: [z], id: w}\nnetwork: {layers: [{units: 1}]}\n",
        "dataset.inputs[1]: no column 'x3' in datasets/xor.csv",
        "columns: x1, x2, y",
    ),
    "no file": (
        "dataset: {path: «a.csv», targets: [y]}\nnetwork: {layers: [{units: 1}]}\n",
        "dataset.path: no file 'a.csv'",
        "paths are relative to the config",
    ),
}


def table(**groups: dict[str, tuple[str | bytes, str, str | None]]) -> list[object]:
    return [
        pytest.param(*case, id=f"{group}: {name}")
        for group, cases in groups.items()
        for name, case in cases.items()
    ]


def unmarked(content: str | bytes) -> tuple[str | bytes, str, str]:
    """The content without «», the place they mark as errors print it, and the text between them."""
    if isinstance(content, bytes) or "«" not in content:
        return content, "c.yaml: ", ""
    before, _, rest = content.partition("«")
    within, _, after = rest.partition("»")
    lines = before.split("\n")
    return before + within + after, f"c.yaml:{len(lines)}:{len(lines[-1]) + 1}: ", within


@pytest.mark.parametrize(("content", "message", "hint"), table(schema=SCHEMA, yaml=YAML, together=TOGETHER))
def test_a_mistake_names_place_value_and_remedy(
    refused: Refused, content: str | bytes, message: str, hint: str | None
) -> None:
    text, place, marked = unmarked(content)
    error = refused(text)[0]
    assert (error.message, error.hint) == (place + message, hint)
    if place != "c.yaml: ":
        assert_carets(error, marked)


@pytest.mark.parametrize(("text", "message", "hint"), FORMULAS.values(), ids=FORMULAS)
def test_a_formula_is_marked_at_its_slip(refused: Refused, text: str, message: str, hint: str | None) -> None:
    content, place, marked = unmarked(formula(text))
    error = refused(content)[0]
    assert (error.message, error.hint) == (f"{place}dataset.function.targets.y: {message}", hint)
    assert_carets(error, marked)


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
        "hint: did you mean learning_rate? allowed here: name, learning_rate, momentum, nesterov,\n"
        "      weight_decay, schedule, clip_norm"
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
        "c.yaml:1:34: training.batch_size: expected full or a whole number from 1, found text 'ful'",
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
        "c.yaml:2:28: network.layers[0].units: 2 units in the last layer for 1 target (y)",
        "c.yaml:2:40: network.layers[0].weights: shape (2, 1) where the layer needs (units, inputs) = (2, 2)",
        "c.yaml:3:11: metrics[0]: accuracy is for classes; the task is regression",
    ]


def test_no_more_than_twenty_mistakes_are_shown(refused: Refused) -> None:
    errors = refused(XOR + "".join(f"key{number}: 1\n" for number in range(30)))
    assert len(errors) == 21
    assert errors[-1].blocks() == ["error: and 10 mistakes more\nhint: mend these first, then check again"]


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


def test_the_place_is_where_a_merged_value_stands(refused: Refused) -> None:
    (error,) = refused(
        "network:\n  layers:\n"
        "    - &hidden {units: 2, activation: tanhh}\n"
        "    - {<<: *hidden, activation: sigmoid, units: 1}\n"
        "dataset: xor\n"
    )
    assert error.message.startswith("c.yaml:3:38: network.layers[0].activation: unknown value 'tanhh'")


def test_merges_and_aliases_give_their_values(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(
        "network:\n  layers:\n"
        "    - &hidden {units: 2, activation: tanh}\n    - *hidden\n    - {<<: *hidden, units: 1}\n"
        "dataset: xor\n"
    )
    layers = load_config(file).network.layers
    assert [(layer.units, layer.activation.name) for layer in layers] == [
        (2, "tanh"),
        (2, "tanh"),
        (1, "tanh"),
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
            "error: c.yaml: is a directory, not a config\nhint: give the config in it: c.yaml/config.yaml",
        ),
        (missing, "error: c.yaml: No such file or directory\nhint: nncli init --list names the templates"),
        (
            endless,
            "error: c.yaml: more than 1,000,000 characters\n"
            "hint: give long tables as a CSV file: dataset.path",
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
    with pytest.raises(ConfigError, match="not a path"):
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
    assert caught.value.hint == "give the config in it: run/config.yaml"


def test_a_file_that_is_not_there_is_refused_with_the_one_that_may_be_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def hint(path: str) -> str | None:
        with pytest.raises(ConfigError, match=f"^{path}: No such file or directory$") as caught:
            load_config(path)
        return caught.value.hint

    assert hint("xor") == "neither xor nor xor.yaml is a file; nncli init --list names the templates"
    Path("xor.yaml").write_text(XOR)
    assert hint("xor") == "did you mean xor.yaml?"
    assert hint("not.yaml") == "nncli init --list names the templates"
