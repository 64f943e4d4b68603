"""Records twenty updates of six numbers by every optimizer, in float64, for optimizers.test.ts.

    python test/golden/record_optimizers.py > test/golden/optimizers.json

Start, gradients and learning rates are dyadic fractions, so both sides have the same. PyTorch's rules are PyTorch's own; Keras'
RMSprop and transformers.AdamW, whose packages are not at hand, are written out here from their definitions.
"""

import json
import math

import torch

updates, size = 20, 6
start = [((7 * i) % 11 - 5) / 8 for i in range(size)]
# One number has no gradient at first, one never has any.
gradients = [
    [0.0 if i == 5 or (i == 4 and t < 3) else ((13 * t + 5 * i) % 17 - 8) / 16 for i in range(size)]
    for t in range(updates)
]
rates = [2.0**-7 if t < 10 else 2.0**-8 for t in range(updates)]


def by_torch(make):
    parameter = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
    optimizer = make([parameter])
    values = []
    for gradient, rate in zip(gradients, rates):
        parameter.grad = torch.tensor(gradient, dtype=torch.float64)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        values.append(parameter.detach().tolist())
    return values


def by_hand(update, slots):
    theta, memory = list(start), [[0.0] * slots for _ in start]
    values = []
    for t, (gradient, rate) in enumerate(zip(gradients, rates)):
        theta = [update(x, g, m, rate, t + 1) for x, g, m in zip(theta, gradient, memory)]
        values.append(theta)
    return values


def keras_rmsprop(x, g, memory, rate, _):
    memory[0] = 0.9 * memory[0] + 0.1 * g * g
    return x - rate * g / (math.sqrt(memory[0]) + 1e-7)


def transformers_adamw(x, g, memory, rate, t):
    memory[0] = 0.9 * memory[0] + 0.1 * g
    memory[1] = 0.999 * memory[1] + 0.001 * g * g
    size = rate * math.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    x = x - size * memory[0] / (math.sqrt(memory[1]) + 1e-6)
    return x - rate * 0.25 * x


optim = torch.optim
values = {
    "adamw": by_torch(lambda p: optim.AdamW(p, eps=1e-8, weight_decay=0.25)),
    "adamw-transformers": by_hand(transformers_adamw, 2),
    "adam": by_torch(lambda p: optim.Adam(p, eps=1e-8)),
    "adam with decay": by_torch(lambda p: optim.Adam(p, eps=1e-8, weight_decay=0.25)),
    "rmsprop": by_torch(lambda p: optim.RMSprop(p, alpha=0.99, eps=1e-8)),
    "rmsprop with decay": by_torch(lambda p: optim.RMSprop(p, alpha=0.99, eps=1e-8, weight_decay=0.25)),
    "rmsprop-keras": by_hand(keras_rmsprop, 1),
    "sgd": by_torch(lambda p: optim.SGD(p)),
    "sgd with decay": by_torch(lambda p: optim.SGD(p, weight_decay=0.25)),
    "sgd with momentum": by_torch(lambda p: optim.SGD(p, momentum=0.75, weight_decay=0.25)),
    "sgd with Nesterov's momentum": by_torch(lambda p: optim.SGD(p, momentum=0.75, nesterov=True)),
}
print(
    json.dumps(
        {"madeBy": f"torch {torch.__version__}", "start": start, "gradients": gradients, "rates": rates, "values": values}
    )
)
