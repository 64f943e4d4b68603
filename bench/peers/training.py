"""The PyTorch side of the training benches: `python training.py JOB.json sdpa|eager`, see bench/Job.ts for what a job says.

A plain loop as trainers write it: pads to the longest of the batch, AdamW, linear schedule, clipping. Data, batches' sizes, model
and threads are those of our side. Prints one line of JSON: {"ms": [...], "peakBytes": ...}; `ms` has the whole epoch, or each step
of a job of kind `step`. Reading the model and the data is not timed.
"""

import json
import resource
import sys
import time

import torch
from transformers import BertConfig, BertModel

job = json.load(open(sys.argv[1], encoding="utf-8"))
attention = sys.argv[2]
torch.set_num_threads(job["threads"])
torch.manual_seed(1)
CLS, SEP = 101, 102
MINILM = {
    "vocab_size": 30522,
    "hidden_size": 384,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
}


def load(pooler):
    if job["kind"] == "step":
        config = BertConfig(**MINILM, attn_implementation=attention)
        return BertModel(config, add_pooling_layer=pooler).train()
    return BertModel.from_pretrained(job["model"], attn_implementation=attention, add_pooling_layer=pooler).train()


def pad(rows, types=None):
    length = max(map(len, rows))
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    mask = torch.zeros(len(rows), length, dtype=torch.long)
    segments = torch.zeros(len(rows), length, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
        if types is not None:
            segments[i, types[i] : len(row)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": segments}


def single(ids):
    return [CLS, *ids[: job["maxTokens"] - 2], SEP]


def pair(a, b):
    a, b = list(a), list(b)
    while len(a) + len(b) > job["maxTokens"] - 3:
        (a if len(a) > len(b) else b).pop()
    return [CLS, *a, SEP, *b, SEP], len(a) + 2


def mean(model, rows):
    batch = pad(rows)
    hidden = model(**batch).last_hidden_state
    mask = batch["attention_mask"][..., None].float()
    return (hidden * mask).sum(1) / mask.sum(1)


def info_nce(views):
    unit = torch.nn.functional.normalize(views, dim=-1)
    half = len(unit) // 2
    return torch.nn.functional.cross_entropy(unit[:half] @ unit[half:].T / 0.05, torch.arange(half))


def bi_loss(model, head, data, rows):
    left = mean(model, [single(data["a"][i]) for i in rows])
    right = mean(model, [single(data["b"][i]) for i in rows])
    labels = torch.tensor([data["scores"][i] for i in rows])
    return torch.nn.functional.mse_loss(torch.nn.functional.cosine_similarity(left, right), labels)


def cross_loss(model, head, data, rows):
    pairs = [pair(data["a"][i], data["b"][i]) for i in rows]
    pooled = model(**pad([ids for ids, _ in pairs], [start for _, start in pairs])).pooler_output
    logits = head(torch.nn.functional.dropout(pooled, 0.1))[:, 0]
    labels = torch.tensor([data["scores"][i] for i in rows])
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, labels)


def simcse_loss(model, head, data, rows):
    batch = [single(data["a"][i]) for i in rows]
    return info_nce(torch.tanh(head(model(**pad(batch + batch)).last_hidden_state[:, 0])))


def step_loss(model, head, data, rows):
    return info_nce(model(**data).last_hidden_state[:, 0])


def train(model, head, loss, data, batches, times):
    parameters = [*model.parameters(), *(head.parameters() if head is not None else [])]
    optimizer = torch.optim.AdamW(parameters, lr=5e-5, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, 1 - step / len(batches)))
    for rows in batches:
        began = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        value = loss(model, head, data, rows)
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        value.item()
        times.append(1000 * (time.perf_counter() - began))


def main():
    kind = job["kind"]
    if kind == "step":
        length, rows = job["tokens"], job["batch"]
        ids = torch.randint(0, MINILM["vocab_size"], (rows, length))
        data = {"input_ids": ids, "attention_mask": torch.ones(rows, length, dtype=torch.long)}
        batches = [None] * job["steps"]
        loss, head = step_loss, None
    else:
        data = json.load(open(job["data"], encoding="utf-8"))
        order = torch.randperm(len(data["a"])).tolist()
        batches = [order[i : i + job["batchSize"]] for i in range(0, len(order), job["batchSize"])]
        loss = {"bi": bi_loss, "cross": cross_loss, "simcse": simcse_loss}[kind]
        dim = json.load(open(job["model"] + "/config.json", encoding="utf-8"))["hidden_size"]
        head = {"bi": None, "cross": torch.nn.Linear(dim, 1), "simcse": torch.nn.Linear(dim, dim)}[kind]
    times = []
    train(load(kind == "cross"), head, loss, data, batches, times)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"ms": times if kind == "step" else [sum(times)], "peakBytes": peak}))


main()
