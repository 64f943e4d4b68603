"""Trains Sentence-BERT as a problem says, with PyTorch and transformers, and tells what it saw.

    python test/golden/record_sbert.py < problem.json > record.json

Problems are made by sbertProblem.ts from our own method: start weights, the texts of every batch, labels, learning rates. All else is
written here a second time and in the plain way: each side encoded by itself, padded to the longest with a mask, gradients of
the penalty by PyTorch's double backward, PyTorch's own Adam and clipping. No dropout.

The record: losses, penalties and gradient norms of every update in float32 and float64, the gradients of the first update in
float64 (stored as float32), how far PyTorch's own float32 is from them, and the weights after the last update in float32.
"""

import base64
import json
import sys

import numpy
import torch
import transformers
from torch.nn import functional

torch.set_num_threads(1)
padding = 0


def decoded(text, shape):
    return torch.from_numpy(numpy.frombuffer(base64.b64decode(text), dtype="<f4").copy()).reshape(shape)


def encoded(tensor):
    return base64.b64encode(tensor.detach().to(torch.float32).numpy().astype("<f4").tobytes()).decode("ascii")


class Student(torch.nn.Module):
    """One encoder or two, and the classifier. Parameters have our names."""

    def __init__(self, problem):
        super().__init__()
        self.problem = problem
        self.towers = torch.nn.ModuleList(
            self.tower() for _ in range(2 if problem["towers"] == "apart" else 1)
        )
        heads = {name: given for name, given in problem["weights"].items() if name.startswith("pairs.")}
        self.heads = torch.nn.ParameterDict(
            {name.replace(".", "/"): torch.nn.Parameter(torch.zeros(given["shape"])) for name, given in heads.items()}
        )
        own = dict(self.named())
        assert set(own) == set(problem["weights"]), set(own) ^ set(problem["weights"])
        with torch.no_grad():
            for name, given in problem["weights"].items():
                own[name].copy_(decoded(given["float32"], given["shape"]))
        self.looked_up = []
        for tower in self.towers:
            tower.embeddings.word_embeddings.register_forward_hook(lambda module, given, rows: self.looked_up.append(rows))

    def tower(self):
        dropless = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "attn_implementation": "eager"}
        bert = transformers.BertModel(
            transformers.BertConfig(**self.problem["config"], **dropless), add_pooling_layer=False
        )
        # PyTorch would give the padding's row no gradient; where padding is pooled it has one.
        bert.embeddings.word_embeddings.padding_idx = None
        return bert

    def named(self):
        for index, tower in enumerate(self.towers):
            for name, parameter in tower.named_parameters():
                yield ("second." if index == 1 else "") + name, parameter
        for name, parameter in self.heads.items():
            yield name.replace("/", "."), parameter

    def embed(self, rows, side):
        pooling = self.problem["pooling"]
        tower = self.towers[-1 if side > 0 else 0]
        longest = max(len(row) for row in rows)
        ids = torch.tensor([row + [padding] * (longest - len(row)) for row in rows])
        mask = (ids != padding).long()
        hidden = tower(input_ids=ids, attention_mask=mask).last_hidden_state
        if pooling == "cls":
            return hidden[:, 0]
        seen = mask.unsqueeze(-1)
        if pooling == "max":
            return hidden.masked_fill(seen == 0, -1e9).max(1).values
        if pooling == "mean":
            return (hidden * seen).sum(1) / seen.sum(1)
        assert pooling == f"mean-with-padding to {longest}", pooling
        return hidden.mean(1)

    def objective(self, step):
        problem = self.problem
        sides = [self.embed(rows, side) for side, rows in enumerate(step["sides"])]
        if problem["objective"] == "triplet":
            anchors, positives, negatives = sides
            distance = lambda others: (anchors - others).norm(dim=-1)
            return torch.relu(distance(positives) - distance(negatives) + problem["margin"]).mean()
        left, right = sides
        if problem["objective"] == "regression":
            labels = torch.tensor(step["labels"], dtype=left.dtype)
            return functional.mse_loss(functional.cosine_similarity(left, right), labels)
        parts = {"u": left, "v": right, "|u-v|": (left - right).abs(), "u*v": left * right}
        features = torch.cat([parts[name] for name in problem["concatenation"].split(",")], -1)
        dense = lambda x, name: functional.linear(x, self.heads[f"pairs/{name}/weight"], self.heads[f"pairs/{name}/bias"])
        hidden = torch.relu(dense(features, "hidden")) if problem["hiddenSize"] > 0 else features
        losses = functional.cross_entropy(dense(hidden, "classifier"), torch.tensor(step["labels"]), reduction="none")
        return problem["alpha"] * ((1 - torch.exp(-losses)) ** problem["gamma"] * losses).mean()

    def loss(self, step):
        """The loss with its penalty, and the penalty."""
        self.looked_up.clear()
        loss = self.objective(step)
        penalty = self.problem["penalty"]
        if penalty is None:
            return loss, loss.new_zeros(())
        tables = [tower.embeddings.word_embeddings.weight for tower in self.towers]
        by = tables if penalty["form"] == "dense" else self.looked_up
        gradients = torch.autograd.grad(loss, by, create_graph=True)
        penalty = penalty["epsilon"] / 2 * sum(gradient.square().sum() for gradient in gradients)
        return loss + penalty, penalty


def train(problem, dtype):
    torch.manual_seed(0)
    student = Student(problem).to(dtype).train()
    optimizer = torch.optim.Adam([parameter for _, parameter in student.named()], lr=0.0)
    losses, penalties, norms, gradients = [], [], [], {}
    for index, (step, rate) in enumerate(zip(problem["steps"], problem["rates"])):
        student.zero_grad(set_to_none=True)
        loss, penalty = student.loss(step)
        loss.backward()
        if index == 0:
            gradients = {name: p.grad.clone() for name, p in student.named()}
        norms.append(float(torch.nn.utils.clip_grad_norm_(student.parameters(), problem["maxGradientNorm"])))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        losses.append(loss.item())
        penalties.append(penalty.item())
    return losses, penalties, norms, gradients, {name: p.detach() for name, p in student.named()}


def relative(found, truth):
    return float((found.double() - truth).norm() / truth.norm().clamp(min=1e-30))


problem = json.load(sys.stdin)
losses, penalties, norms, gradients, final = train(problem, torch.float32)
losses64, _, norms64, truth, _ = train(problem, torch.float64)
record = {
    "madeBy": f"torch {torch.__version__}, transformers {transformers.__version__}",
    "losses": losses,
    "losses64": losses64,
    "penalties": penalties,
    "gradientNorms": norms,
    "gradientNorms64": norms64,
    "gradients": {name: encoded(gradient) for name, gradient in truth.items()},
    "errorsOfFloat32": {name: float(f"{relative(gradients[name], truth[name]):.2e}") for name in truth},
    "weights": {name: encoded(values) for name, values in final.items()},
}
json.dump(record, sys.stdout, indent=1)
print()
