"""Write reference.json: what PyTorch computes for one small case of each LSTM variant.

Regenerate from the repository root, with torch installed:

    python3 crates/models/tests/pytorch/make_reference.py

The committed file was made with torch 2.15.0 in float64. Every variant shares
    c = f*c' + i*tanh(W x + U h' + b),  h = o*tanh(c)
and its gates i, f, o are the sigmoid of the terms kept in GATE_TERMS.
`lstm` comes from torch.nn.LSTM. No torch module covers the others, so they come
from a plain cell, which must first agree with torch.nn.LSTM on `lstm`.
"""

import json
import re
from pathlib import Path

import torch

SEED = 20161205
BATCH, STEPS, INPUTS, HIDDEN = 3, 5, 4, 5
GATE_TERMS = {"lstm": "wub", "lstm1": "ub", "lstm2": "u", "lstm3": "b"}
SHAPES = {"w": (HIDDEN, INPUTS), "u": (HIDDEN, HIDDEN), "b": (HIDDEN,)}
MADE_BY = f"torch {torch.__version__}, python3 crates/models/tests/pytorch/make_reference.py"


def draw(generator, *shape):
    # Multiples of 1/256 in [-1, 1] are exact in float32, in float64 and in the
    # nine digits written, so a reader in any precision starts from the same inputs.
    return torch.randint(-256, 257, shape, generator=generator).double() / 256


def draw_case(variant, generator):
    terms = {gate: GATE_TERMS[variant] for gate in "ifo"} | {"c": "wub"}
    parameters = {
        gate: {term: draw(generator, *SHAPES[term]) for term in kept}
        for gate, kept in terms.items()
    }
    states = {
        "x": draw(generator, BATCH, STEPS, INPUTS),
        "h0": draw(generator, BATCH, HIDDEN),
        "c0": draw(generator, BATCH, HIDDEN),
    }
    weights = {
        "hidden": draw(generator, BATCH, STEPS, HIDDEN),
        "cell": draw(generator, BATCH, HIDDEN),
    }
    return parameters, states, weights


def affine(kept, x, h):
    z = torch.zeros_like(h)
    if "w" in kept:
        z = z + x @ kept["w"].T
    if "u" in kept:
        z = z + h @ kept["u"].T
    if "b" in kept:
        z = z + kept["b"]
    return z


def plain_lstm(parameters, x, h0, c0):
    h, c, sequence = h0, c0, []
    for t in range(x.shape[1]):
        i, f, o = (torch.sigmoid(affine(parameters[gate], x[:, t], h)) for gate in "ifo")
        c = f * c + i * torch.tanh(affine(parameters["c"], x[:, t], h))
        h = o * torch.tanh(c)
        sequence.append(h)
    return torch.stack(sequence, dim=1), h, c


def torch_lstm(parameters, x, h0, c0):
    # torch stacks the gates as i, f, candidate, o. It has two biases that only ever
    # add up; with bias_hh at zero, bias_ih is the bias of the equations.
    def stack(term):
        return torch.cat([parameters[gate][term] for gate in "ifco"])

    module = torch.nn.LSTM(x.shape[2], h0.shape[1], batch_first=True, dtype=x.dtype)
    values = {
        "weight_ih_l0": stack("w"),
        "weight_hh_l0": stack("u"),
        "bias_ih_l0": stack("b"),
        "bias_hh_l0": torch.zeros(4 * h0.shape[1], dtype=x.dtype),
    }
    sequence, (h, c) = torch.func.functional_call(module, values, (x, (h0[None], c0[None])))
    return sequence, h[0], c[0]


def results(forward, parameters, states, weights, dtype=torch.float64):
    """The outputs, the loss and its gradients, in the layout of the file."""

    def leaf(tensor):
        # A copy: a shared tensor would accumulate the gradients of every forward pass.
        return tensor.detach().to(dtype, copy=True).requires_grad_()

    parameters = {
        gate: {term: leaf(tensor) for term, tensor in kept.items()}
        for gate, kept in parameters.items()
    }
    states = {name: leaf(tensor) for name, tensor in states.items()}
    sequence, h, c = forward(parameters, **states)
    loss = (sequence * weights["hidden"].to(dtype)).sum() + (c * weights["cell"].to(dtype)).sum()
    loss.backward()
    gradients = {
        gate: {term: tensor.grad for term, tensor in kept.items()}
        for gate, kept in parameters.items()
    } | {name: tensor.grad for name, tensor in states.items()}
    return {
        "hidden_sequence": sequence.detach(),
        "last_h": h.detach(),
        "last_c": c.detach(),
        "loss": loss.detach(),
        "gradients": gradients,
    }


def flatten(tree):
    if isinstance(tree, dict):
        return torch.cat([flatten(branch) for branch in tree.values()])
    return tree.double().reshape(-1)


def largest_difference(left, right):
    return (flatten(left) - flatten(right)).abs().max().item()


def digits(tree):
    """Nested plain numbers at nine significant digits, which is all a float32 holds."""
    if isinstance(tree, dict):
        return {name: digits(branch) for name, branch in tree.items()}
    if isinstance(tree, torch.Tensor):
        tree = tree.tolist()
    if isinstance(tree, list):
        return [digits(branch) for branch in tree]
    return float(f"{tree:.9g}")


def make_case(variant, generator):
    parameters, states, weights = drawn = draw_case(variant, generator)
    forward = torch_lstm if variant == "lstm" else plain_lstm
    reference = results(forward, *drawn)
    if variant == "lstm":
        gap = largest_difference(reference, results(plain_lstm, *drawn))
        assert gap < 1e-12, f"the plain cell is {gap} away from torch.nn.LSTM"
        print(f"plain cell against torch.nn.LSTM: {gap:.1e}")

    # Deviation of float32 from the file: a floor for the tolerance of a test.
    single = results(forward, *drawn, dtype=torch.float32)
    for kind in ("hidden_sequence", "last_c", "loss", "gradients"):
        gap = largest_difference(reference[kind], single[kind])
        print(f"{variant}: float32 {kind} within {gap:.1e}")

    sizes = {"batch": BATCH, "steps": STEPS, "inputs": INPUTS, "hidden": HIDDEN}
    tensors = {"parameters": parameters, **states, "loss_weights": weights, **reference}
    return {"variant": variant, **sizes, **digits(tensors)}


def main():
    generator = torch.Generator().manual_seed(SEED)
    cases = [make_case(variant, generator) for variant in GATE_TERMS]
    text = json.dumps({"made_by": MADE_BY, "seed": SEED, "cases": cases}, indent=1)
    # One row of numbers per line, so that a change can be read in a diff.
    text = re.sub(r"\[[^][{}]*\]", lambda row: re.sub(r"\s+", " ", row[0]), text)
    text = text.replace("[ ", "[").replace(" ]", "]")
    Path(__file__).with_name("reference.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
