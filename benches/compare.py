#!/usr/bin/env python3
"""Sets Slimgate's training steps and predictions beside those of PyTorch, JAX and ONNX Runtime.

All do the same work on the same machine and threads, one after the other, in several rounds, so that whatever
else the machine does falls on all of them. Prints a Markdown table: the median over the rounds of each one's
median time in milliseconds, and Slimgate's as a share of the fastest other one.

    pip install torch jax onnx onnxruntime numpy
    python3 benches/compare.py --threads 2

Each one's work is a recurrent layer and a linear head. A training step is forward, loss, backward and Adam; a
prediction is forward alone. PyTorch runs its fused LSTM, and the simplified gates as a loop over the steps;
JAX compiles a scan over the steps; ONNX Runtime has an operator for the standard cell only.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

WORKS = {"rows": (28, 28, 100, 10), "pixels": (784, 1, 100, 10), "text": (80, 128, 128, 1)}
CELLS = ["lstm", "lstm1", "lstm2", "lstm3"]
MODES = [("train", 32), ("train", 128), ("infer", 1), ("infer", 128)]


def median_ms(work, seconds):
    """The median time of a call after three warm-up calls."""
    for _ in range(3):
        work()
    times, begin = [], time.perf_counter()
    while len(times) < 5 or (time.perf_counter() - begin < seconds and len(times) < 2000):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def torch_work(cell, work, mode, batch, threads):
    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(0)
    torch.set_num_threads(threads)
    steps, inputs, hidden, classes = WORKS[work]

    class Loop(nn.Module):
        """A simplified cell, written as its equations, a step at a time."""

        def __init__(self):
            super().__init__()
            self.candidate_input = nn.Linear(inputs, hidden)
            gates = {"lstm1": 3, "lstm2": 3, "lstm3": 0}[cell]
            self.recurrent = nn.Linear(hidden, (gates + 1) * hidden, bias=False)
            self.bias = nn.Parameter(torch.zeros(3 * hidden)) if cell != "lstm2" else None

        def forward(self, x):
            h = c = x.new_zeros(x.shape[0], hidden)
            for candidate in self.candidate_input(x).unbind(1):
                recurrent = self.recurrent(h)
                if cell == "lstm3":
                    gates = self.bias
                else:
                    gates = recurrent[:, : 3 * hidden]
                    gates = gates if self.bias is None else gates + self.bias
                i, f, o = torch.sigmoid(gates).chunk(3, -1)
                c = f * c + i * torch.tanh(candidate + recurrent[:, -hidden:])
                h = o * torch.tanh(c)
            return h

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.LSTM(inputs, hidden, batch_first=True) if cell == "lstm" else Loop()
            self.head = nn.Linear(hidden, classes)

        def forward(self, x):
            last = self.layer(x)[0][:, -1] if cell == "lstm" else self.layer(x)
            return self.head(last)

    network = Network()
    x = torch.randn(batch, steps, inputs)
    if mode == "infer":
        def predict():
            with torch.inference_mode():
                network(x)
        return predict

    labels = torch.arange(batch) % max(classes, 2)
    adam = torch.optim.Adam(network.parameters())

    def train():
        adam.zero_grad(set_to_none=True)
        logits = network(x)
        if classes == 1:
            loss = functional.binary_cross_entropy_with_logits(logits[:, 0], labels.float())
        else:
            loss = functional.cross_entropy(logits, labels)
        loss.backward()
        adam.step()

    return train


def jax_work(cell, work, mode, batch, threads):
    os.environ.setdefault("XLA_FLAGS", f"--xla_cpu_multi_thread_eigen={str(threads > 1).lower()}")
    import jax
    import numpy
    from jax import numpy as jnp

    steps, inputs, hidden, classes = WORKS[work]
    draw = numpy.random.default_rng(0)
    normal = lambda *shape: jnp.array(draw.normal(size=shape, scale=0.1).astype("f4"))
    weights = {
        "w": normal(inputs, 4 * hidden if cell == "lstm" else hidden),
        "u": normal(hidden, hidden if cell == "lstm3" else 4 * hidden),
        "b": jnp.zeros(hidden if cell == "lstm2" else 4 * hidden),
        "head": normal(hidden, classes),
    }

    def logits(weights, x):
        b = weights["b"]

        def step(state, wx):
            h, c = state
            uh = h @ weights["u"]
            if cell == "lstm":
                i, f, o, g = jnp.split(wx + uh + b, 4, -1)
            elif cell == "lstm3":
                (i, f, o, bias), g = jnp.split(b, 4), wx + uh
                g = g + bias
            elif cell == "lstm1":
                i, f, o, g = jnp.split(uh + b, 4, -1)
                g = g + wx
            else:
                i, f, o, g = jnp.split(uh, 4, -1)
                g = g + wx + b
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        zeros = jnp.zeros((x.shape[0], hidden))
        (h, _), _ = jax.lax.scan(step, (zeros, zeros), jnp.swapaxes(x @ weights["w"], 0, 1))
        return h @ weights["head"]

    x = normal(batch, steps, inputs)
    if mode == "infer":
        predict = jax.jit(logits)
        return lambda: jax.block_until_ready(predict(weights, x))

    labels = jnp.arange(batch) % max(classes, 2)

    def loss(weights):
        z = logits(weights, x)
        if classes == 1:
            return jnp.mean(jnp.logaddexp(0.0, z[:, 0]) - labels * z[:, 0])
        return -jnp.take_along_axis(jax.nn.log_softmax(z), labels[:, None], 1).mean()

    @jax.jit
    def train(weights, m, v):
        gradients = jax.grad(loss)(weights)
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, gradients)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, gradients)
        weights = jax.tree.map(lambda w, m, v: w - 1e-3 * m / (jnp.sqrt(v) + 1e-8), weights, m, v)
        return weights, m, v

    zeros = jax.tree.map(jnp.zeros_like, weights)
    return lambda: jax.block_until_ready(train(weights, zeros, zeros))


def onnxruntime_work(cell, work, mode, batch, threads):
    if cell != "lstm" or mode != "infer":
        return None
    import numpy
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    steps, inputs, hidden, classes = WORKS[work]
    draw = numpy.random.default_rng(0)
    shapes = {"w": (1, 4 * hidden, inputs), "r": (1, 4 * hidden, hidden), "head": (hidden, classes)}
    weights = [numpy_helper.from_array(draw.normal(size=shape, scale=0.1).astype("f4"), name)
               for name, shape in shapes.items()]
    weights.append(numpy_helper.from_array(numpy.array([0]), "axes"))
    nodes = [helper.make_node("LSTM", ["x", "w", "r"], ["", "last"], hidden_size=hidden),
             helper.make_node("Squeeze", ["last", "axes"], ["h"]),
             helper.make_node("MatMul", ["h", "head"], ["logits"])]
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "classifier", [value("x", [steps, batch, inputs])],
                              [value("logits", [batch, classes])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
    x = draw.normal(size=(steps, batch, inputs)).astype("f4")
    return lambda: session.run(None, {"x": x})


PEERS = {"PyTorch": torch_work, "JAX": jax_work, "ONNX Runtime": onnxruntime_work}


def measure(peer, arguments):
    """The measurements of one round of one peer, in a process of its own."""
    options = ["--threads", str(arguments.threads), "--seconds", str(arguments.seconds)]
    if peer == "Slimgate":
        build = ["cargo", "bench", "--quiet", "--bench", "steps", "--"]
        command = [*([arguments.bench] if arguments.bench else build), *arguments.names, *options]
    else:
        command = [sys.executable, __file__, "--only", peer, *arguments.names, *options]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [{"by": peer, **json.loads(line)} for line in lines if line.startswith("{")]


def table(header, rows):
    print("| " + " | ".join(header) + " |")
    print("|---" * len(header) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def report(rows):
    """Prints all tables, of medians over the rounds."""
    def key(row):
        return row["work"], row["cell"], row["mode"], row["batch"]

    def median(by, of, name):
        values = [row[name] for row in rows if row["by"] == by and "cell" in row and key(row) == of]
        return statistics.median(values) if values else None

    def digits(value):
        return "" if value is None else f"{value:.3g}"

    limits = [row["limit"] for row in rows if "limit" in row]
    print(f"The limit of a core: {statistics.median(limits):.0f} GFLOP/s, by independent fused multiply-adds.\n")

    measured = list(dict.fromkeys(key(row) for row in rows if row["by"] == "Slimgate" and "cell" in row))
    compared = []
    for of in measured:
        times = {peer: median(peer, of, "ms") for peer in PEERS}
        known = [(ms, peer) for peer, ms in times.items() if ms is not None]
        if not known:
            continue
        own, (best, peer) = median("Slimgate", of, "ms"), min(known)
        rounds = sum(1 for row in rows if row["by"] == "Slimgate" and "cell" in row and key(row) == of)
        compared.append([*map(str, of), digits(own), *map(digits, times.values()), f"{own / best:.2f} × {peer}",
                         digits(median("Slimgate", of, "bare")), f"{median('Slimgate', of, 'share'):.0%}", str(rounds)])
    table(["work", "cell", "mode", "batch", "Slimgate", *PEERS, "of the fastest other", "kernel alone",
           "of the limit", "rounds"], compared)

    words = [of for of in measured if of[0] == "words" and of[2] == "train"]
    if words:
        table(["work", "cell", "batch", "step", "kernel alone", "optimizer"],
              [[of[0], of[1], str(of[3]), *(digits(median("Slimgate", of, name)) for name in ("ms", "bare", "optimizer"))]
               for of in words])

    checks = list(dict.fromkeys((row["check"], row["work"], row["batch"]) for row in rows if "check" in row))
    if checks:
        table(["Slimgate against itself", "work", "batch", "ratio"],
              [[what, work, str(batch), digits(statistics.median(
                  row["ratio"] for row in rows
                  if "check" in row and (row["check"], row["work"], row["batch"]) == (what, work, batch)))]
               for what, work, batch in checks])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="only what begins so, such as rows or text/lstm/train/32")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=1.0, help="time for each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="how often each one's turn comes")
    parser.add_argument("--only", choices=list(PEERS), help="measure one peer, a JSON line each")
    parser.add_argument("--bench", help="Slimgate's benchmark where it is built already")
    parser.add_argument("--checks", action="store_true", help="also measure Slimgate against itself")
    parser.add_argument("--record", help="a file of JSON lines: add the measurements, report all that it holds")
    arguments = parser.parse_args()

    if arguments.only:
        for key in [(work, cell, *mode) for work in WORKS for cell in CELLS for mode in MODES]:
            name = "/".join(map(str, key)) + "/"
            if arguments.names and not any(name.startswith(wanted + "/") for wanted in arguments.names):
                continue
            call = PEERS[arguments.only](key[1], key[0], key[2], key[3], arguments.threads)
            if call:
                ms = median_ms(call, arguments.seconds)
                row = dict(zip(("work", "cell", "mode", "batch"), key), ms=ms)
                print(json.dumps(row), flush=True)
        return

    rows = []
    for _ in range(arguments.rounds):
        for peer in ["Slimgate", *PEERS]:
            rows += measure(peer, arguments)
        if arguments.checks:
            rows += measure("Slimgate", argparse.Namespace(**{**vars(arguments), "names": ["--checks"]}))
    if arguments.record:
        with open(arguments.record, "a+") as record:
            record.writelines(json.dumps(row) + "\n" for row in rows)
            record.seek(0)
            rows = [json.loads(line) for line in record]
    report(rows)


if __name__ == "__main__":
    main()
