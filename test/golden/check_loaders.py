"""Embeds texts and scores pairs with sentence-transformers from exported folders.

    python test/golden/check_loaders.py BI_ENCODER CROSS_ENCODER [BI_ENCODER CROSS_ENCODER]… < texts.json > numbers.json

The texts are a list of strings; the pairs are each of them with the next. For each two folders, the numbers and the classes of
transformers that loaded them. loaders.slow.ts compares them with those of the command line.
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

from sentence_transformers import CrossEncoder, SentenceTransformer  # noqa: E402
from transformers import AutoModel, AutoModelForSequenceClassification  # noqa: E402


def missing(cls, folder):
    """Parameters that loading had to make up; a pooler is none that anything here reads."""
    _, info = cls.from_pretrained(folder, output_loading_info=True)
    return [name for name in info["missing_keys"] if "pooler" not in name] + sorted(info["unexpected_keys"])


def checked(bi_encoder, cross_encoder, texts):
    bi = SentenceTransformer(bi_encoder, device="cpu")
    cross = CrossEncoder(cross_encoder, device="cpu")
    return {
        "embeddings": bi.encode(texts, batch_size=8).tolist(),
        "scores": cross.predict(list(zip(texts, texts[1:]))).tolist(),
        "classes": [type(bi[0].auto_model).__name__, type(cross.model).__name__],
        "missing": missing(AutoModel, bi_encoder) + missing(AutoModelForSequenceClassification, cross_encoder),
    }


folders = sys.argv[1:]
texts = json.load(sys.stdin)
results = [checked(bi, cross, texts) for bi, cross in zip(folders[::2], folders[1::2])]
json.dump(results, sys.stdout)
