"""Embeds texts and scores pairs with sentence-transformers from exported folders.

    python test/golden/check_loaders.py BI_ENCODER CROSS_ENCODER < texts.json > numbers.json

The texts are a list of strings; the pairs are each of them with the next. loaders.slow.ts compares the numbers with those of the
command line.
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

from sentence_transformers import CrossEncoder, SentenceTransformer  # noqa: E402

bi_encoder, cross_encoder = sys.argv[1:]
texts = json.load(sys.stdin)
embeddings = SentenceTransformer(bi_encoder, device="cpu").encode(texts, batch_size=8)
scores = CrossEncoder(cross_encoder, device="cpu").predict(list(zip(texts, texts[1:])))
json.dump({"embeddings": embeddings.tolist(), "scores": scores.tolist()}, sys.stdout)
