"""One C file that predicts with the standard library alone: weights, encoding, layers and a small main."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from nncli.codegen.c_code import c_expression, c_string
from nncli.data.columns import Columns
from nncli.data.encoding import Category, Encoding, Number
from nncli.exports.contract import MissingRuntime
from nncli.exports.python_file import cells
from nncli.exports.python_source import layer_function, require_portable, unscaled
from nncli.messages.wording import listed, shown
from nncli.nn.activations import Activation
from nncli.nn.arrays import Array
from nncli.nn.network import Network
from nncli.tables.column import shortest
from nncli.tables.table import Table
from nncli.training.model import Model
from nncli.version import VERSION

PER_LINE = 4  # numbers

INCLUDES = """
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
"""

READING = """
static void stop(const char *name, const char *cell)
{
    fprintf(stderr, "%s: '%s' cannot be used\\n", name, cell);
    exit(2);
}

static int is_missing(const char *cell)
{
    return !*cell || !strcmp(cell, "NA") || !strcmp(cell, "nan") || !strcmp(cell, "NaN");
}

"""

NUMBER = """
/* Return the number in a cell; if it is missing, fill, which is NAN if that is an error. */
static double number(const char *name, const char *cell, double fill)
{
    char *end;
    double value = is_missing(cell) ? fill : strtod(cell, &end);
    if (!isfinite(value) || (!is_missing(cell) && *end))
        stop(name, cell);
    return value;
}

"""

BOOLEAN = """
/* Return 1 for true and 0 for false; if the cell is missing, fill. */
static double boolean(const char *name, const char *cell, double fill)
{
    static const char *words[] = {"false", "no", "0", "true", "yes", "1"};
    char lower[8] = "";
    for (int i = 0; cell[i] && i < 7; i++)
        lower[i] = (char)(cell[i] >= 'A' && cell[i] <= 'Z' ? cell[i] + 32 : cell[i]);
    for (int i = 0; i < 6; i++)
        if (!strcmp(lower, words[i]))
            return i >= 3;
    if (!is_missing(cell) || isnan(fill))
        stop(name, cell);
    return fill;
}

"""

CATEGORY = """
/* Set the input of a cell's category to 1 and the others to 0. */
static void category(const char *name, const char *cell, const char *const *names, int count, int numeric,
                     const char *fill, int ignore, double *x)
{
    int found = 0;
    if (is_missing(cell) && fill)
        cell = fill;
    for (int i = 0; i < count; i++) {
        x[i] = numeric ? strtod(cell, NULL) == strtod(names[i], NULL) : !strcmp(cell, names[i]);
        found += x[i] > 0.0;
    }
    if (!found && (!ignore || !*cell))
        stop(name, cell);
}
"""

SUMS = """
/* Weighted sums z = W x + b of a layer. */
static void weighted_sums(int units, int inputs, const double *W, const double *b, const double *x, double *z)
{
    for (int i = 0; i < units; i++) {
        z[i] = b[i];
        for (int j = 0; j < inputs; j++)
            z[i] += W[i * inputs + j] * x[j];
    }
}
"""

SOFTMAX = """
static void softmax(int units, double *z)
{
    double largest = z[0], sum = 0.0;
    for (int i = 1; i < units; i++)
        largest = fmax(largest, z[i]);
    for (int i = 0; i < units; i++)
        sum += z[i] = exp(z[i] - largest);
    for (int i = 0; i < units; i++)
        z[i] /= sum;
}
"""

MAIN = """
/* Split a line of CSV in place; quotes may surround a cell. */
static int split(char *line, char **cells, int most)
{
    int count = 0, quoted = 0;
    char *to = line;
    line[strcspn(line, "\\r\\n")] = 0;
    cells[count++] = to;
    for (char *from = line; *from; from++) {
        if (quoted && from[0] == '"' && from[1] == '"')
            *to++ = *from++;
        else if (*from == '"')
            quoted = !quoted;
        else if (*from == ',' && !quoted && count < most) {
            *to++ = 0;
            cells[count++] = to;
        } else
            *to++ = *from;
    }
    *to = 0;
    return count;
}

int main(void)
{
    static char line[1 << 20], *cells[COLUMNS];
    int place[CELLS], count;
    const char *row[CELLS];
    double x[INPUTS], y[OUTPUTS];
    if (!fgets(line, sizeof line, stdin))
        return 2;
    count = split(line, cells, COLUMNS);
    for (int i = 0; i < CELLS; i++) {
        for (place[i] = 0; place[i] < count && strcmp(cells[place[i]], names[i]); place[i]++)
            ;
        if (place[i] == count)
            stop(names[i], "no such column");
    }
    puts(HEADER);
    while (fgets(line, sizeof line, stdin)) {
        count = split(line, cells, COLUMNS);
        for (int i = 0; i < CELLS; i++)
            row[i] = place[i] < count ? cells[place[i]] : "";
        encode(row, x);
        network(x, y);
        print(y);
    }
    return 0;
}
"""


def write(model: Model, name: str) -> Mapping[str, bytes]:
    """Return the file; see `contract.WriteModel`."""
    require_portable(model.columns, "a C file")
    return {f"{name}.c": "\n".join(_parts(model, name)).encode()}


def run_file(file: Path, model: Model, table: Table) -> Array:
    """Return the outputs of the compiled file; see `contract.RunFile`."""
    program = _compiled(file)
    done = subprocess.run(
        [str(program)], input=_csv(model, table), check=True, capture_output=True, encoding="utf-8"
    )
    header, *lines = csv.reader(io.StringIO(done.stdout))
    kept = [index for index, title in enumerate(header) if title in _output_names(model.columns)]
    return np.array([[float(line[index]) for index in kept] for line in lines])


def _compiled(file: Path) -> Path:
    """Compile a file; a compiler that is missing or cannot compile it is a missing runtime."""
    name = os.environ.get("CC", "cc")
    compiler = shutil.which(name)
    if compiler is None:
        raise MissingRuntime("no C compiler")
    program = file.with_suffix(".exe")
    # Fused multiply-adds would round differently from nncli.
    flags = ["-std=c99", "-O1", "-ffp-contract=off"]
    command = [compiler, *flags, str(file), "-o", str(program), "-lm"]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        raise MissingRuntime(f"{shown(name)} cannot compile the file")
    return program


def _csv(model: Model, table: Table) -> str:
    rows = [*cells(model, table)]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*rows[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _output_names(columns: Columns) -> list[str]:
    """Return the titles of the outputs, as `nncli predict --proba` names them."""
    if columns.task == "regression":
        return [f"pred_{name}" for name in columns.targets]
    names = columns.classes[1:] if columns.task == "binary" else columns.classes
    return [f"proba_{name}" for name in names]


def _parts(model: Model, name: str) -> Iterator[str]:
    columns = model.columns
    inputs = listed([each.name for each in columns.preprocessing.columns])
    text = f"Predict {listed(columns.targets)} from {inputs}.".replace("*/", "* /")
    yield f"/* {text}"
    yield ""
    yield f"     cc -O2 {name}.c -o {name} -lm"
    yield f"     ./{name} < ROWS.csv        prints predictions as CSV"
    yield ""
    yield f"   Exported by nncli {VERSION}. */"
    yield INCLUDES
    yield from _sizes(model)
    yield "\n".join(_weights(model))
    yield READING
    readers = {Number: NUMBER, Category: CATEGORY}
    yield from dict.fromkeys(readers.get(type(each), BOOLEAN) for each in columns.preprocessing.columns)
    yield "\n".join(_encode(columns.preprocessing.columns))
    yield SUMS
    yield from _activations(model.network)
    yield "\n".join(_network(model))
    yield "\n".join(_print(columns))
    yield MAIN


def _sizes(model: Model) -> Iterator[str]:
    columns = model.columns
    yield f"#define CELLS {len(columns.preprocessing.columns)}    /* columns that are read */"
    yield f"#define INPUTS {model.network.inputs}"
    yield f"#define OUTPUTS {model.network.outputs}"
    yield "#define COLUMNS 10000  /* most columns of a CSV file */"
    yield f"#define HEADER {c_string(','.join(_quoted(each) for each in _header(columns)))}"
    names = ", ".join(c_string(each.name) for each in columns.preprocessing.columns)
    yield f"\nstatic const char *const names[CELLS] = {{{names}}};"


def _header(columns: Columns) -> list[str]:
    named = [f"pred_{columns.targets[0]}"] if columns.labelled else []
    return [*named, *_output_names(columns)]


def _quoted(cell: str) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([cell])
    return text.getvalue()


def _weights(model: Model) -> Iterator[str]:
    """Yield the weights (units, inputs) and biases (units) of each layer."""
    for index, (W, b) in enumerate(model.network.views(model.parameters)):
        units, inputs = W.shape
        rows = ",\n    ".join(f"{{{_numbers(shortest(row))}}}" for row in W)
        yield f"static const double W{index}[{units}][{inputs}] = {{\n    {rows}}};"
        biases = [0.0] * units if b is None else shortest(b)
        yield f"static const double b{index}[{units}] = {{{_numbers(biases)}}};"


def _numbers(values: Sequence[float]) -> str:
    texts = [repr(value) for value in values]
    lines = [", ".join(texts[start : start + PER_LINE]) for start in range(0, len(texts), PER_LINE)]
    return ",\n     ".join(lines)


def _encode(encodings: Sequence[Encoding]) -> Iterator[str]:
    yield "/* Inputs of the network for the cells of a row. */"
    yield "static void encode(const char *const *row, double *x)"
    yield "{"
    for index, encoding in enumerate(encodings):
        yield from (f"    {line}" for line in _encoded(index, encoding))
    yield "}"


def _encoded(index: int, encoding: Encoding) -> Iterator[str]:
    cell = f"names[{index}], row[{index}]"
    if isinstance(encoding, Category):
        count, listing = len(encoding.categories), ", ".join(map(c_string, encoding.categories))
        fill = "NULL" if encoding.fill is None else c_string(encoding.fill)
        yield f"static const char *const categories{index}[] = {{{listing}}};"
        options = f"{count}, {int(encoding.numeric)}, {fill}, {int(encoding.unseen == 'ignore')}"
        yield f"category({cell}, categories{index}, {options}, x);"
        yield f"x += {count};"
        return
    fill = "NAN" if encoding.fill is None else repr(encoding.fill)
    value = f"{'number' if isinstance(encoding, Number) else 'boolean'}({cell}, {fill})"
    if isinstance(encoding, Number) and not encoding.scaling.leaves:
        value = f"({value} - {encoding.scaling.zero!r}) / {encoding.scaling.unit!r}"
    yield f"*x++ = {value};"


def _activations(network: Network) -> Iterator[str]:
    used = {layer_function(layer.activation): layer.activation for layer in network.layers}
    for name, activation in used.items():
        if name == "softmax":
            yield SOFTMAX
        elif name not in ("identity", "tanh"):
            yield _activation(name, activation)


def _activation(name: str, activation: Activation) -> str:
    assert activation.expression is not None
    return f"static double {name}_(double z)\n{{\n    return {c_expression(activation.expression)};\n}}\n"


def _network(model: Model) -> Iterator[str]:
    """Yield the function that computes the outputs, a few lines per layer."""
    layers = model.network.layers
    yield "/* Outputs of the network, in the units of the targets. */"
    yield "static void network(const double *x, double *a)"
    yield "{"
    values = "x"
    for index, layer in enumerate(layers):
        last = index == len(layers) - 1
        found = "a" if last else f"a{index}"
        if not last:
            yield f"    double a{index}[{layer.units}];"
        yield f"    weighted_sums({layer.units}, {layer.inputs}, W{index}[0], b{index}, {values}, {found});"
        yield from _applied(layer.activation, layer.units, found)
        values = found
    for index, text in enumerate(unscaled(model.columns)):
        if text != f"a[{index}]":
            yield f"    a[{index}] = {text};"
    yield "}"
    yield ""


def _applied(activation: Activation, units: int, values: str) -> Iterator[str]:
    name = layer_function(activation)
    if name == "softmax":
        yield f"    softmax({units}, {values});"
    elif name != "identity":
        function = "tanh" if name == "tanh" else f"{name}_"
        yield f"    for (int i = 0; i < {units}; i++)"
        yield f"        {values}[i] = {function}({values}[i]);"


def _print(columns: Columns) -> Iterator[str]:
    """Yield the function that prints the predictions for a row."""
    yield "static void print(const double *a)"
    yield "{"
    if columns.labelled:
        names = ", ".join(c_string(_quoted(each)) for each in columns.classes)
        yield f"    static const char *const classes[] = {{{names}}};"
        if columns.task == "binary":
            yield f"    int chosen = a[0] >= {columns.threshold!r};"
        else:
            yield "    int chosen = 0;"
            yield "    for (int i = 1; i < OUTPUTS; i++)"
            yield "        if (a[i] > a[chosen])"
            yield "            chosen = i;"
        yield '    printf("%s,", classes[chosen]);'
    yield "    for (int i = 0; i < OUTPUTS; i++)"
    yield '        printf("%.17g%s", a[i], i + 1 < OUTPUTS ? "," : "\\n");'
    yield "}"
