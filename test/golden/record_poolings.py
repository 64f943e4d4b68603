"""Records what PyTorch makes of the ways to pool, for poolings.test.ts.

    python test/golden/record_poolings.py

Needs torch, transformers, safetensors. Reads the tiny models of architectures/ and the texts of their records; writes
poolings.json: for each model and pooling the embeddings of its texts in float32, as little-endian float32 in base64. Texts go
through as one padded batch with a mask. `first-last` is the mean of the states after the first and the last layer
(`hidden_states[1]`: the states before all layers are `hidden_states[0]`); `mean-with-padding` fills up to `paddedLength` with the
padding's id, cuts what is longer before its closing token, and takes the plain mean, as Mirror-BERT does.
"""

import base64
import json
import pathlib

import torch
import transformers
from transformers import AutoModel

here = pathlib.Path(__file__).parent
padded_length = 24
torch.set_num_threads(1)


def batch(rows, pad, length):
    return {
        "input_ids": torch.tensor([row + [pad] * (length - len(row)) for row in rows]),
        "attention_mask": torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows]),
    }


def masked_mean(states, mask):
    return (states * mask).sum(1) / mask.sum(1)


def packed(tensor):
    return base64.b64encode(tensor.numpy().astype("<f4").tobytes()).decode("ascii")


def embeddings(kind):
    model = AutoModel.from_pretrained(here / "architectures" / kind, dtype=torch.float32, attn_implementation="eager").eval()
    texts = json.loads((here / "architectures" / f"{kind}.numbers.json").read_text())["texts"]
    cls, sep, pad = (0, 2, 1) if kind == "roberta" else (2, 3, 0)
    rows = [[cls, *text, sep] for text in texts]
    whole = batch(rows, pad, max(len(row) for row in rows))
    cut = batch([[cls, *text[: padded_length - 2], sep] for text in texts], pad, padded_length)
    mask = whole["attention_mask"].unsqueeze(-1).float()
    with torch.no_grad():
        states = model(**whole, output_hidden_states=True).hidden_states
        padded = model(**cut).last_hidden_state
    return {
        "cls": packed(states[-1][:, 0]),
        "mean": packed(masked_mean(states[-1], mask)),
        "max": packed(states[-1].masked_fill(mask == 0, -1e9).max(1).values),
        "first-last": packed(masked_mean((states[1] + states[-1]) / 2, mask)),
        "mean-with-padding": packed(padded.mean(1)),
    }


record = {
    "madeBy": f"transformers {transformers.__version__}, torch {torch.__version__}",
    "paddedLength": padded_length,
    "embeddings": {kind: embeddings(kind) for kind in ("bert", "roberta", "distilbert")},
}
(here / "poolings.json").write_text(json.dumps(record, indent=1) + "\n")
