"""Trains a BERT as a problem says, with PyTorch and transformers, and tells what it saw.

    python test/golden/record_training.py < problem.json > record.json

Problems are made by trainingProblem.ts from our own methods: start weights, the rows of every batch, labels, optimizer,
schedule. Everything else is written here a second time and in the plain way: rows padded to the longest with a mask, both sides
of a pair encoded one after the other, dense gradients, PyTorch's own optimizer and clipping. No dropout.

The record: losses and gradient norms of every update in float32 and (up to `float64Updates`) in float64, the gradients of the first update in float64
(stored as float32), how far PyTorch's own float32 is from them, and the weights after the last update in float32.
"""

import base64
import json
import sys

import numpy
import torch
import transformers
from torch.nn import functional

torch.set_num_threads(1)


def decoded(text, shape):
    return torch.from_numpy(numpy.frombuffer(base64.b64decode(text), dtype="<f4").copy()).reshape(shape)


def encoded(tensor):
    return base64.b64encode(tensor.detach().to(torch.float32).numpy().astype("<f4").tobytes()).decode("ascii")


def log_cosh(found, labels):
    return torch.log(torch.cosh(found - labels)).mean()


PAIR_LOSSES = {
    "softBinaryCrossEntropy": lambda logits, y: functional.binary_cross_entropy_with_logits(logits[:, 0], y),
    "softmaxOfTwo": lambda logits, y: functional.cross_entropy(logits, torch.stack([1 - y, y], 1)),
    "probabilityMse": lambda logits, y: functional.mse_loss(torch.sigmoid(logits[:, 0]), y),
    "probabilityLogCosh": lambda logits, y: log_cosh(torch.sigmoid(logits[:, 0]), y),
}
COSINE_LOSSES = {
    "cosineRegression": functional.mse_loss,
    "cosineCrossEntropy": functional.binary_cross_entropy_with_logits,
    "cosineLogCosh": log_cosh,
}


class WordHead(torch.nn.Module):
    """BERT's head that guesses words, but for its decoder, which is the word table."""

    def __init__(self, config):
        super().__init__()
        size = config.hidden_size
        norm = torch.nn.LayerNorm(size, eps=config.layer_norm_eps)
        self.transform = torch.nn.ModuleDict({"dense": torch.nn.Linear(size, size), "LayerNorm": norm})
        self.bias = torch.nn.Parameter(torch.zeros(config.vocab_size))

    def forward(self, hidden, table):
        dense = functional.gelu(self.transform["dense"](hidden))
        return self.transform["LayerNorm"](dense) @ table.T + self.bias


class Student(torch.nn.Module):
    """The encoder, and what a method puts on it. Parameters have our names, which are transformers' without `bert.`."""

    def __init__(self, problem):
        super().__init__()
        self.problem = problem
        dropless = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "attn_implementation": "eager"}
        is_pairs = problem["loss"] in PAIR_LOSSES
        kind = transformers.BertForSequenceClassification if is_pairs else transformers.BertModel
        labels = {"num_labels": 2 if problem["loss"] == "softmaxOfTwo" else 1}
        more = labels if is_pairs else {"add_pooling_layer": False}
        if "folder" in problem:
            self.bert = kind.from_pretrained(problem["folder"], **dropless, **more)
        else:
            config = transformers.BertConfig(**problem["config"], **dropless, **(labels if is_pairs else {}))
            self.bert = kind(config) if is_pairs else kind(config, **more)
        if problem["projection"]:
            size = self.bert.config.hidden_size
            self.projection = torch.nn.ModuleDict({"dense": torch.nn.Linear(size, size)})
        # A word drawn at random may be [PAD]: its row learns from that as every other does.
        self.bert.get_input_embeddings().padding_idx = None
        if "mlmWeight" in problem:
            self.cls = torch.nn.ModuleDict({"predictions": WordHead(self.bert.config)})
        own = dict(self.named())
        with torch.no_grad():
            for name, given in problem["weights"].items():
                own[name].copy_(decoded(given["float32"], given["shape"]))
        missing = set() if "folder" in problem else set(own) - set(problem["weights"])
        assert not missing, missing

    def named(self):
        for name, parameter in self.named_parameters():
            while name.startswith("bert."):
                name = name[len("bert.") :]
            yield name, parameter

    def padded(self, rows):
        longest = max(len(row["ids"]) for row in rows)
        fill = lambda values: values + [0] * (longest - len(values))
        if self.problem["pooling"] == "mean-with-padding":  # rows come with their padding, whose id is 0
            seen = lambda row: [int(each != 0) for each in row["ids"]]
        else:
            seen = lambda row: fill([1] * len(row["ids"]))
        return {
            "input_ids": torch.tensor([fill(row["ids"]) for row in rows]),
            "token_type_ids": torch.tensor([fill(row["types"]) for row in rows]),
            "attention_mask": torch.tensor([seen(row) for row in rows]),
        }

    def embed(self, rows):
        batch = self.padded(rows)
        hidden = self.bert(**batch).last_hidden_state
        if self.problem["pooling"] == "mean":
            mask = batch["attention_mask"].unsqueeze(-1).to(hidden.dtype)
            pooled = (hidden * mask).sum(1) / mask.sum(1)
        elif self.problem["pooling"] == "mean-with-padding":
            pooled = hidden.mean(1)
        else:
            pooled = hidden[:, 0]
        return torch.tanh(self.projection["dense"](pooled)) if self.problem["projection"] else pooled

    def loss(self, step):
        rows = step["rows"]
        half = len(rows) // 2
        dtype = next(self.parameters()).dtype
        labels = torch.tensor(step.get("labels", []), dtype=dtype)
        name = self.problem["loss"]
        if name in PAIR_LOSSES:
            return PAIR_LOSSES[name](self.bert(**self.padded(rows)).logits, labels)
        if "hardNegativeWeight" in self.problem:
            return self.supervised(rows) + self.problem["mlmWeight"] * self.guess(step["words"])
        left, right = self.embed(rows[:half]), self.embed(rows[half:])
        if name == "ntXent":
            views = torch.cat([left, right])
            others = self.logits(views, views).masked_fill(torch.eye(2 * half, dtype=torch.bool), -torch.inf)
            return functional.cross_entropy(others, torch.arange(2 * half).roll(half))
        if name in COSINE_LOSSES:
            return COSINE_LOSSES[name](functional.cosine_similarity(left, right), labels)
        return functional.cross_entropy(self.logits(left, right), torch.arange(half))

    def logits(self, left, right):
        cosines = functional.cosine_similarity(left.unsqueeze(1), right.unsqueeze(0), dim=-1)
        return cosines / self.problem["temperature"]

    def supervised(self, rows):
        """SimCSE's loss of triples, each third of the rows encoded by itself."""
        third = len(rows) // 3
        anchors, positives, negatives = (self.embed(rows[i * third : (i + 1) * third]) for i in range(3))
        weights = self.problem["hardNegativeWeight"] * torch.eye(third, dtype=anchors.dtype)
        both = torch.cat([self.logits(anchors, positives), self.logits(anchors, negatives) + weights], 1)
        return functional.cross_entropy(both, torch.arange(third))

    def guess(self, words):
        """The mean cross-entropy of masked words, given as (row, position, word)."""
        rows, positions, targets = (torch.tensor(each) for each in zip(*words["guessed"]))
        hidden = self.bert(**self.padded(words["rows"])).last_hidden_state[rows, positions]
        table = self.bert.embeddings.word_embeddings.weight
        return functional.cross_entropy(self.cls["predictions"](hidden, table), targets)


def decays(problem, name):
    return problem.get("decayed") == "all" or not name.endswith("bias") and "LayerNorm" not in name


class TransformersAdamW:
    """transformers.AdamW as it was until it left the package: epsilon outside of the bias correction, decay after the step."""

    def __init__(self, groups, betas, eps):
        self.param_groups = groups
        self.betas, self.eps = betas, eps
        self.state = {}
        self.done = 0

    @torch.no_grad()
    def step(self):
        self.done += 1
        first, second = self.betas
        for group in self.param_groups:
            rate, decay = group["lr"], group["weight_decay"]
            size = rate * (1 - second**self.done) ** 0.5 / (1 - first**self.done)
            for p in group["params"]:
                m, v = self.state.setdefault(p, (torch.zeros_like(p), torch.zeros_like(p)))
                m.mul_(first).add_(p.grad, alpha=1 - first)
                v.mul_(second).addcmul_(p.grad, p.grad, value=1 - second)
                p.addcdiv_(m, v.sqrt().add_(self.eps), value=-size)
                if decay > 0:
                    p.add_(p, alpha=-rate * decay)


def optimizer_of(student, problem):
    given = problem["optimizer"]
    betas, eps = (given["beta1"], given["beta2"]), given["epsilon"]
    groups = [
        {"params": [p for name, p in student.named() if decays(problem, name) == does], "lr": 0.0, "weight_decay": decay}
        for does, decay in ((True, given["weightDecay"]), (False, 0.0))
    ]
    if given["form"] == "pytorch":
        return torch.optim.AdamW(groups, betas=betas, eps=eps)
    return TransformersAdamW(groups, betas, eps)


def train(problem, dtype, updates):
    torch.manual_seed(0)
    student = Student(problem).to(dtype).train()
    optimizer = optimizer_of(student, problem)
    schedule = problem["schedule"]
    warmup, total = schedule["warmupSteps"], schedule["totalSteps"]
    longest = problem["maxGradientNorm"] or torch.inf
    losses, norms, gradients = [], [], {}
    for index, step in enumerate(problem["steps"][:updates]):
        student.zero_grad(set_to_none=True)
        loss = student.loss(step)
        loss.backward()
        if index == 0:
            gradients = {name: p.grad.clone() for name, p in student.named()}
        norms.append(float(torch.nn.utils.clip_grad_norm_(student.parameters(), longest)))
        factor = index / max(1, warmup) if index < warmup else max(0.0, (total - index) / max(1, total - warmup))
        if problem.get("scheduleName") == "constant":
            factor = 1.0
        for group in optimizer.param_groups:
            group["lr"] = schedule["learningRate"] * factor
        optimizer.step()
        losses.append(loss.item())
    return losses, norms, gradients, {name: p.detach() for name, p in student.named()}


def relative(found, truth):
    return float((found.double() - truth).norm() / truth.norm().clamp(min=1e-30))


problem = json.load(sys.stdin)
updates = len(problem["steps"])
losses, norms, gradients, final = train(problem, torch.float32, updates)
losses64, norms64, truth, _ = train(problem, torch.float64, problem.get("float64Updates", updates))
record = {
    "madeBy": f"torch {torch.__version__}, transformers {transformers.__version__}",
    "losses": losses,
    "losses64": losses64,
    "gradientNorms": norms,
    "gradientNorms64": norms64,
    "gradients": {name: encoded(gradient) for name, gradient in truth.items()},
    "errorsOfFloat32": {name: float(f"{relative(gradients[name], truth[name]):.2e}") for name in truth},
}
if problem["keepsWeights"]:
    record["weights"] = {name: encoded(values) for name, values in final.items()}
json.dump(record, sys.stdout, indent=1)
print()
