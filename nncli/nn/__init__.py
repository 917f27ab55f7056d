"""The mathematics: pure functions of arrays, with numpy alone.

Letters are the textbook's: `X` (n, inputs) and `Y` (n, outputs) hold samples by rows,
`W` (units, inputs) and `b` (units,) belong to a layer, `Z = X W^T + b`, `A = activation(Z)`,
and `dZ` is the derivative of the loss by `Z`.

Every registry is a plain dict at the foot of its module: a name leads to a factory whose keyword
parameters are the options a config may give, each annotated with its range and its meaning.
"""
