"""Trains several BERTs together as a problem says, with PyTorch and transformers, and tells what it saw.

    python test/golden/record_towers.py < problem.json > record.json

Problems are made by towersProblem.ts from our own methods: start weights, the rows of every batch, labels, learning rates. All
else is written here a second time and in the plain way, after the released code of each method: rows padded to the longest with
a mask, dense gradients, PyTorch's optimizers and clipping (Keras' RMSprop by hand). No dropout.

DiffCSE follows its code with the padding: the generator says a word for every position, position 0 becomes [CLS] again, ids and
labels of padding are 0, the discriminator's embeddings at position 0 are replaced, and its loss is the mean over all positions.

The record is that of record_training.py.
"""

import base64
import json
import sys

import numpy
import torch
import transformers
from torch.nn import functional

torch.set_num_threads(1)

def decoded(given):
    values = numpy.frombuffer(base64.b64decode(given["float32"]), dtype="<f4").copy()
    return torch.from_numpy(values).reshape(given["shape"])


def encoded(tensor):
    return base64.b64encode(tensor.detach().to(torch.float32).numpy().astype("<f4").tobytes()).decode("ascii")


kinds = {
    "bert": (transformers.BertConfig, transformers.BertModel, transformers.BertForMaskedLM),
    "roberta": (transformers.RobertaConfig, transformers.RobertaModel, transformers.RobertaForMaskedLM),
}
# Ours are BERT's.
roberta_head = {
    "lm_head.dense.": "cls.predictions.transform.dense.",
    "lm_head.layer_norm.": "cls.predictions.transform.LayerNorm.",
    "lm_head.bias": "cls.predictions.bias",
}


def config_of(given):
    return kinds[given["model_type"]][0](
        **{name: value for name, value in given.items() if name != "model_type"},
        pad_token_id=special["pad"],
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        attn_implementation="eager",
    )


def encoder_of(given):
    return kinds[given["model_type"]][1](config_of(given), add_pooling_layer=False)


def padded(rows):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [special["pad"]] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return ids, mask


def hidden_states(encoder, ids, mask):
    return encoder(input_ids=ids, attention_mask=mask, token_type_ids=torch.zeros_like(ids)).last_hidden_state


def embed(encoder, rows, pooling):
    ids, mask = padded(rows)
    hidden = hidden_states(encoder, ids, mask)
    if pooling == "cls":
        return hidden[:, 0]
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1)


class Towers(torch.nn.Module):
    """Two encoders trained apart."""

    def __init__(self, problem):
        super().__init__()
        self.problem = problem
        self.first = encoder_of(problem["configs"]["encoder"])
        self.second = encoder_of(problem["configs"]["encoder"])
        if problem["loss"] == "inBatchContrastiveTension":
            self.logScale = torch.nn.Parameter(torch.zeros(1))

    def named(self):
        for name, parameter in self.named_parameters():
            yield name.removeprefix("first."), parameter

    def loss(self, step):
        settings = self.problem["settings"]
        first, second = (
            embed(tower, rows, settings["pooling"]) for tower, rows in zip((self.first, self.second), step["rows"])
        )
        if self.problem["loss"] == "contrastiveTension":
            labels = torch.tensor(step["labels"], dtype=first.dtype)
            dots = torch.matmul(first[:, None], second[:, :, None]).squeeze(-1).squeeze(-1)
            return functional.binary_cross_entropy_with_logits(dots, labels, reduction=settings["reduction"])
        cosines = functional.normalize(first) @ functional.normalize(second).T
        scores = cosines * self.logScale.exp()
        own = torch.arange(len(scores))
        return (functional.cross_entropy(scores, own) + functional.cross_entropy(scores.T, own)) / 2


class DiffCse(torch.nn.Module):
    def __init__(self, problem):
        super().__init__()
        self.problem = problem
        size = problem["configs"]["encoder"]["hidden_size"]
        self.encoder = encoder_of(problem["configs"]["encoder"])
        self.discriminator = encoder_of(problem["configs"]["encoder"])
        self.detection = torch.nn.Linear(size, 2)
        self.projector = torch.nn.Sequential(
            torch.nn.Linear(size, 2 * size, bias=False),
            torch.nn.BatchNorm1d(2 * size),
            torch.nn.ReLU(),
            torch.nn.Linear(2 * size, size, bias=False),
            torch.nn.BatchNorm1d(size, affine=False),
        )
        kind = problem["configs"]["generator"]["model_type"]
        self.generator = kinds[kind][2](config_of(problem["configs"]["generator"]))
        own = {}
        for name, parameter in self.generator.named_parameters():
            name = name.removeprefix(f"{kind}.")
            for theirs, ours in roberta_head.items():
                name = name.replace(theirs, ours)
            own["generator." + name] = parameter
        with torch.no_grad():
            for name, given in problem["frozen"].items():
                own.pop(name).copy_(decoded(given))
        assert not set(own) - {"generator.cls.predictions.decoder.bias", "generator.lm_head.decoder.bias"}, own.keys()
        for parameter in self.generator.parameters():
            parameter.requires_grad_(False)

    def named(self):
        ours = {
            "projector.0.weight": "projector.wide.weight",
            "projector.1.weight": "projector.LayerNorm.weight",
            "projector.1.bias": "projector.LayerNorm.bias",
            "projector.3.weight": "projector.narrow.weight",
            "detection.weight": "discriminator.detection.weight",
            "detection.bias": "discriminator.detection.bias",
        }
        for name, parameter in self.named_parameters():
            if not name.startswith("generator."):
                yield ours.get(name, name.removeprefix("encoder.") if name.startswith("encoder.") else name), parameter

    def loss(self, step):
        settings = self.problem["settings"]
        rows, hidden_rows = step["rows"]
        ids, mask = padded(rows)
        h = self.projector(hidden_states(self.encoder, ids, mask)[:, 0])
        masked, _ = padded(hidden_rows)
        with torch.no_grad():
            said = self.generator(masked, attention_mask=mask, token_type_ids=torch.zeros_like(ids)).logits.argmax(-1)
        said[:, 0] = special["cls"]
        replaced = (said != ids) * mask
        given = self.discriminator.embeddings.register_forward_hook(
            lambda module, inputs, output: torch.cat([h.unsqueeze(1), output[:, 1:]], 1)
        )
        logits = self.detection(hidden_states(self.discriminator, said * mask, mask))
        given.remove()
        half = len(rows) // 2
        cosines = functional.normalize(h[:half]) @ functional.normalize(h[half:]).T
        contrastive = functional.cross_entropy(cosines / settings["temperature"], torch.arange(half))
        detection = functional.cross_entropy(logits.view(-1, 2), replaced.view(-1))
        return contrastive + settings["detectionWeight"] * detection


class KerasRMSprop:
    def __init__(self, groups, rho, epsilon):
        self.param_groups, self.rho, self.epsilon, self.state = groups, rho, epsilon, {}

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                v = self.state.setdefault(p, torch.zeros_like(p))
                v.mul_(self.rho).addcmul_(p.grad, p.grad, value=1 - self.rho)
                p.addcdiv_(p.grad, v.sqrt().add_(self.epsilon), value=-group["lr"])


def optimizer_of(model, given):
    decays = lambda name: not name.endswith("bias") and "LayerNorm" not in name
    groups = [
        {"params": [p for name, p in model.named() if decays(name) == does], "lr": 0.0, "weight_decay": decay}
        for does, decay in ((True, given["weightDecay"]), (False, 0.0))
    ]
    if given["rule"] == "adamw":
        return torch.optim.AdamW(groups, betas=(given["beta1"], given["beta2"]), eps=given["epsilon"])
    if given["decayRate"] == 0.9:
        return KerasRMSprop(groups, given["decayRate"], given["epsilon"])
    return torch.optim.RMSprop(groups, alpha=given["decayRate"], eps=given["epsilon"])


def train(problem, dtype):
    torch.manual_seed(0)
    model = (DiffCse if problem["loss"] == "diffCse" else Towers)(problem)
    own = dict(model.named())
    with torch.no_grad():
        for name, given in problem["weights"].items():
            own[name].copy_(decoded(given))
    assert set(own) == set(problem["weights"]), set(own) ^ set(problem["weights"])
    model = model.to(dtype).train()
    optimizer = optimizer_of(model, problem["optimizer"])
    losses, norms, gradients = [], [], {}
    trained = [p for _, p in model.named()]
    for index, (step, rate) in enumerate(zip(problem["steps"], problem["rates"])):
        model.zero_grad(set_to_none=True)
        loss = model.loss(step)
        loss.backward()
        if index == 0:
            gradients = {name: p.grad.clone() for name, p in model.named()}
        limit = problem["maxGradientNorm"] or float("inf")
        norms.append(float(torch.nn.utils.clip_grad_norm_(trained, limit)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        losses.append(loss.item())
    return losses, norms, gradients, {name: p.detach() for name, p in model.named()}


def relative(found, truth):
    return float((found.double() - truth).norm() / truth.norm().clamp(min=1e-30))


problem = json.load(sys.stdin)
special = problem["special"]
losses, norms, gradients, final = train(problem, torch.float32)
losses64, norms64, truth, _ = train(problem, torch.float64)
record = {
    "madeBy": f"torch {torch.__version__}, transformers {transformers.__version__}",
    "losses": losses,
    "losses64": losses64,
    "gradientNorms": norms,
    "gradientNorms64": norms64,
    "gradients": {name: encoded(gradient) for name, gradient in truth.items()},
    "errorsOfFloat32": {name: float(f"{relative(gradients[name], truth[name]):.2e}") for name in truth},
    "weights": {name: encoded(values) for name, values in final.items()},
}
json.dump(record, sys.stdout, indent=1)
print()
