"""
Values and gradients of every loss in float64, by PyTorch's own functions where it has them.

    /path/to/venv/bin/python test/golden/record_losses.py > test/golden/losses.json

Inputs are multiples of 1/64, so that float32 holds them exactly.
"""

import json
import math

import torch
import torch.nn.functional as F

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)

ROWS, DIM, CLASSES = 6, 5, 4


def grid(*shape, spread=1.5):
    return torch.round(torch.randn(*shape) * spread * 64) / 64


def share(*shape):
    return torch.round(torch.rand(*shape) * 64) / 64


def whole(below, *shape):
    return torch.randint(0, below, shape)


def cosines(a, b):
    return F.normalize(a, dim=1) @ F.normalize(b, dim=1).T


def info_nce(i, o):
    logits = cosines(i["anchors"], i["positives"]) / o["temperature"]
    if "negatives" in i:
        hard = cosines(i["anchors"], i["negatives"]) / o["temperature"]
        logits = torch.cat([logits, hard + o["hardNegativeWeight"] * torch.eye(len(hard))], 1)
    return F.cross_entropy(logits, torch.arange(len(logits)))


def nt_xent(i, o):
    n = len(i["first"])
    z = torch.cat([i["first"], i["second"]])
    s = cosines(z, z) / o["temperature"]
    twins = (torch.arange(2 * n) + n) % (2 * n)
    if o["form"] == "paper":
        total = 0
        for row in range(n):
            others = [column for column in range(2 * n) if column % n != row]
            total = total + torch.logsumexp(s[row, others], 0) - s[row, row + n]
        return total
    return F.cross_entropy(s.masked_fill(torch.eye(2 * n).bool(), -math.inf), twins)


def contrastive_tension(i, o):
    scores = (i["first"] * i["second"]).sum(1)
    return F.binary_cross_entropy_with_logits(scores, i["labels"], reduction=o["reduction"])


def in_batch(i, o):
    a, b = i["first"], i["second"]
    scores = (cosines(a, b) if o["similarity"] == "cosine" else a @ b.T) * i["logScale"].exp()
    own = torch.arange(len(a))
    return (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2


def tokens(i, targets, reduction="mean"):
    losses = F.cross_entropy(i["logits"], i[targets], reduction="none")
    weights = i.get("weights", torch.ones_like(losses))
    total = (losses * weights).sum()
    return total if reduction == "sum" else total / weights.sum()


def sim_bert(i, o):
    v = i["embeddings"]
    s = (cosines(v, v) - 1e12 * torch.eye(len(v))) * o["scale"]
    return F.cross_entropy(s, torch.arange(len(v)) ^ 1)


def focal(i, o):
    p = F.softmax(i["logits"], 1).gather(1, i["classes"][:, None])[:, 0]
    return (-o["alpha"] * (1 - p) ** o["gamma"] * p.log()).mean()


def triplet(i, o):
    length = lambda x: torch.linalg.vector_norm(x + o["epsilon"], dim=1)
    a, p, n = i["anchors"], i["positives"], i["negatives"]
    return F.relu(length(a - p) - length(a - n) + o["margin"]).mean()


def triplet_of_pytorch(i, o):
    return F.triplet_margin_loss(i["anchors"], i["positives"], i["negatives"], margin=o["margin"], eps=o["epsilon"])


rows = lambda: grid(ROWS, DIM)
words = lambda: {"logits": grid(ROWS, CLASSES), "targets": whole(CLASSES, ROWS), "weights": share(ROWS)}
classes = lambda: {"logits": grid(ROWS, CLASSES), "classes": whole(CLASSES, ROWS)}
views = lambda: {"first": rows(), "second": rows()}
numbers = lambda: {"predictions": grid(ROWS, spread=3), "labels": share(ROWS)}

CASES = [
    ("infoNce", {"anchors": rows(), "positives": rows()}, {"temperature": 0.05}, info_nce),
    (
        "infoNce",
        {"anchors": rows(), "positives": rows(), "negatives": rows()},
        {"temperature": 0.1, "hardNegativeWeight": 0.6875},
        info_nce,
    ),
    ("ntXent", views(), {"temperature": 0.04, "form": "code"}, nt_xent),
    ("ntXent", views(), {"temperature": 0.2, "form": "paper"}, nt_xent),
    ("contrastiveTension", {**views(), "labels": share(ROWS)}, {"reduction": "mean"}, contrastive_tension),
    ("contrastiveTension", {**views(), "labels": share(ROWS)}, {"reduction": "sum"}, contrastive_tension),
    ("inBatchContrastiveTension", {**views(), "logScale": grid(1)}, {"similarity": "cosine"}, in_batch),
    ("inBatchContrastiveTension", {**views(), "logScale": grid(1)}, {"similarity": "dot"}, in_batch),
    (
        "replacedTokenDetection",
        {"logits": grid(ROWS, 2), "replaced": whole(2, ROWS)},
        {"reduction": "mean"},
        lambda i, o: tokens(i, "replaced"),
    ),
    (
        "replacedTokenDetection",
        {"logits": grid(ROWS, 2), "replaced": whole(2, ROWS), "weights": share(ROWS)},
        {"reduction": "mean"},
        lambda i, o: tokens(i, "replaced"),
    ),
    (
        "replacedTokenDetection",
        {"logits": grid(ROWS, 2), "replaced": whole(2, ROWS), "weights": share(ROWS)},
        {"reduction": "sum"},
        lambda i, o: tokens(i, "replaced", "sum"),
    ),
    ("simBertSimilarity", {"embeddings": rows()}, {"scale": 30}, sim_bert),
    ("sequenceToSequence", words(), {}, lambda i, o: tokens(i, "targets")),
    ("maskedLanguageModel", words(), {}, lambda i, o: tokens(i, "targets")),
    (
        "softBinaryCrossEntropy",
        {"logits": grid(ROWS, spread=3), "labels": share(ROWS)},
        {},
        lambda i, o: F.binary_cross_entropy_with_logits(i["logits"], i["labels"]),
    ),
    (
        "cosineRegression",
        {"left": rows(), "right": rows(), "labels": share(ROWS)},
        {},
        lambda i, o: F.mse_loss(F.cosine_similarity(i["left"], i["right"]), i["labels"]),
    ),
    ("meanSquaredError", numbers(), {}, lambda i, o: F.mse_loss(i["predictions"], i["labels"])),
    ("logCosh", numbers(), {}, lambda i, o: (i["predictions"] - i["labels"]).cosh().log().mean()),
    ("softmaxClassification", classes(), {}, lambda i, o: F.cross_entropy(i["logits"], i["classes"])),
    ("focal", classes(), {"gamma": 2, "alpha": 0.25}, focal),
    ("focal", classes(), {"gamma": 0.5, "alpha": 1}, focal),
    ("tripletMargin", {"anchors": rows(), "positives": rows(), "negatives": rows()}, {"margin": 1, "epsilon": 0}, triplet),
    (
        "tripletMargin",
        {"anchors": rows(), "positives": rows(), "negatives": rows()},
        {"margin": 5, "epsilon": 1e-6},
        triplet_of_pytorch,
    ),
]


def record(name, inputs, options, loss):
    floats = {key: value for key, value in inputs.items() if value.is_floating_point()}
    for value in floats.values():
        value.requires_grad_(True)
    value = loss(inputs, options)
    value.backward()
    return {
        "loss": name,
        "inputs": {key: tensor.tolist() for key, tensor in inputs.items()},
        "with": options,
        "value": value.item(),
        "gradients": {key: tensor.grad.tolist() for key, tensor in floats.items()},
    }


print(json.dumps({"torch": torch.__version__, "cases": [record(*case) for case in CASES]}, separators=(",", ":")))
