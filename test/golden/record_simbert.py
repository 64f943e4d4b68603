"""Trains SimBERT as a problem says, in plain PyTorch, and tells what it saw.

    python test/golden/record_simbert.py < problem.json > record.json

Problems are made by simbertProblem.ts from our own method: start weights, the rows of every batch, optimizer, schedule.
Everything else is written here a second time and in the plain way: an encoder of padded rows with UniLM's mask written out, logits
at every position, both losses as SimBERT's code has them, dense gradients, no dropout.

The record: losses of every update, the gradients of the first in float64 (stored as float32), weights after the last.
"""

import base64
import json
import sys

import numpy
import torch
from torch.nn import functional

torch.set_num_threads(1)


def decoded(given):
    values = numpy.frombuffer(base64.b64decode(given["float32"]), dtype="<f4").copy()
    return torch.from_numpy(values).reshape(given["shape"])


def encoded(tensor):
    return base64.b64encode(tensor.detach().to(torch.float32).numpy().astype("<f4").tobytes()).decode("ascii")


def unilm_mask(types, lengths):
    """[rows, 1, queries, keys]: query i sees key j where the running sum of segments at j is not above that at i."""
    sums = types.cumsum(1)
    seen = sums[:, None, :] <= sums[:, :, None]
    real = torch.arange(types.shape[1])[None, :] < lengths[:, None]
    return (seen & real[:, None, :])[:, None]


def hidden_states(w, config, ids, types, mask):
    norm = lambda x, name: functional.layer_norm(x, x.shape[-1:], w[name + ".weight"], w[name + ".bias"], config["layerNormEps"])
    dense = lambda x, name: functional.linear(x, w[name + ".weight"], w[name + ".bias"])
    rows, length = ids.shape
    heads = config["heads"]
    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:length]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][types], "embeddings.LayerNorm")
    for layer in range(config["layers"]):
        at = f"encoder.layer.{layer}."
        split = lambda name: dense(x, f"{at}attention.self.{name}").reshape(rows, length, heads, -1).transpose(1, 2)
        q, k, v = split("query"), split("key"), split("value")
        scores = (q @ k.transpose(2, 3)) / q.shape[-1] ** 0.5
        context = scores.masked_fill(~mask, -1e9).softmax(-1) @ v
        context = context.transpose(1, 2).reshape(rows, length, -1)
        x = norm(dense(context, at + "attention.output.dense") + x, at + "attention.output.LayerNorm")
        wide = functional.gelu(dense(x, at + "intermediate.dense"))
        x = norm(dense(wide, at + "output.dense") + x, at + "output.LayerNorm")
    return x


def losses_of(w, problem, step):
    config, rows = problem["config"], step["rows"]
    lengths = torch.tensor([len(row["ids"]) for row in rows])
    longest = int(lengths.max())
    fill = lambda values: values + [0] * (longest - len(values))
    ids = torch.tensor([fill(row["ids"]) for row in rows])
    types = torch.tensor([fill(row["types"]) for row in rows])
    x = hidden_states(w, config, ids, types, unilm_mask(types, lengths))
    # Similarity: [CLS], a layer without activation, unit length; each row's partner is the one beside it.
    vectors = functional.normalize(functional.linear(x[:, 0], w["pooler.dense.weight"], w["pooler.dense.bias"]))
    scores = (vectors @ vectors.T - torch.eye(len(rows), dtype=x.dtype) * 1e12) * problem["scale"]
    partners = torch.tensor([i + 1 - 2 * (i % 2) for i in range(len(rows))])
    similarity = functional.cross_entropy(scores, partners)
    # Writing: the word at p + 1 from the state at p, wherever the word at p + 1 is of segment 1.
    head = functional.gelu(
        functional.linear(x, w["cls.predictions.transform.dense.weight"], w["cls.predictions.transform.dense.bias"])
    )
    head = functional.layer_norm(
        head,
        head.shape[-1:],
        w["cls.predictions.transform.LayerNorm.weight"],
        w["cls.predictions.transform.LayerNorm.bias"],
        config["layerNormEps"],
    )
    logits = head @ w["embeddings.word_embeddings.weight"].T + w["cls.predictions.bias"]
    counted = types[:, 1:].reshape(-1) == 1
    words = functional.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1), reduction="none")
    writing = words[counted].sum() / counted.sum()
    return similarity, writing


def train(problem, dtype):
    w = {name: decoded(given).to(dtype).requires_grad_() for name, given in problem["weights"].items()}
    first = {name: torch.zeros_like(p) for name, p in w.items()}
    second = {name: torch.zeros_like(p) for name, p in w.items()}
    given, schedule = problem["optimizer"], problem["schedule"]
    losses, gradients = [], {}
    for index, step in enumerate(problem["steps"]):
        similarity, writing = losses_of(w, problem, step)
        loss = similarity + writing
        found = dict(zip(w, torch.autograd.grad(loss, list(w.values()))))
        if index == 0:
            gradients = {name: g.clone() for name, g in found.items()}
        norm = torch.sqrt(sum((g.double() ** 2).sum() for g in found.values())).to(dtype)
        scale = min(1.0, problem["maxGradientNorm"] / (float(norm) + 1e-6))
        rate = schedule["learningRate"] * min(1.0, index / max(1, schedule["warmupSteps"]))
        size = rate * (1 - given["beta2"] ** (index + 1)) ** 0.5 / (1 - given["beta1"] ** (index + 1))
        with torch.no_grad():
            for name, p in w.items():
                g = found[name] * scale
                first[name].mul_(given["beta1"]).add_(g, alpha=1 - given["beta1"])
                second[name].mul_(given["beta2"]).addcmul_(g, g, value=1 - given["beta2"])
                p.addcdiv_(first[name], second[name].sqrt().add_(given["epsilon"]), value=-size)
                p.add_(p, alpha=-rate * given["weightDecay"])
        losses.append([loss.item(), similarity.item(), writing.item()])
    return losses, gradients, w


problem = json.load(sys.stdin)
losses, _, final = train(problem, torch.float32)
losses64, truth, _ = train(problem, torch.float64)
json.dump(
    {
        "madeBy": f"torch {torch.__version__}",
        "losses": losses,
        "losses64": losses64,
        "gradients": {name: encoded(gradient) for name, gradient in truth.items()},
        "weights": {name: encoded(values) for name, values in final.items()},
    },
    sys.stdout,
    indent=1,
)
print()
