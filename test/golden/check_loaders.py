"""Embeds texts and scores pairs with sentence-transformers from exported folders.

    python test/golden/check_loaders.py BI_ENCODER CROSS_ENCODER < texts.json > numbers.json

The texts are a list of strings; the pairs are each of them with the next. The Python in the folders' cards is run too, as it
stands there but for the folder's name. loaders.slow.ts compares the numbers with those of the command line.
"""

import json
import os
import re
import sys
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

from sentence_transformers import CrossEncoder, SentenceTransformer  # noqa: E402

bi_encoder, cross_encoder = sys.argv[1:]
texts = json.load(sys.stdin)
embeddings = SentenceTransformer(bi_encoder, device="cpu").encode(texts, batch_size=8)
scores = CrossEncoder(cross_encoder, device="cpu").predict(list(zip(texts, texts[1:])))


def run_card(folder, result):
    """What each block of Python in a folder's card leaves under the name `result`."""
    found = []
    for code in re.findall(r"```python\n(.*?)```", (Path(folder) / "README.md").read_text(), re.S):
        names = {}
        exec(code.replace("DIR", folder), names)
        found.append(names[result].tolist())
    return found


json.dump(
    {
        "embeddings": embeddings.tolist(),
        "scores": scores.tolist(),
        "cardEmbeddings": run_card(bi_encoder, "embeddings"),
        "cardScores": run_card(cross_encoder, "scores"),
    },
    sys.stdout,
)
