"""Ids that transformers' AutoTokenizer makes with exported tokenizers, for tokenizers.slow.ts.

    python test/golden/encode_exported.py FOLDER... < texts.json > ids.json

Written is for each folder {"single": ids of each text, "pairs": ids of each text with the next one}, special tokens in place.
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

from transformers import AutoTokenizer  # noqa: E402

texts = json.load(sys.stdin)
written = []
for folder in sys.argv[1:]:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    single, pairs = tokenizer(texts)["input_ids"], tokenizer(texts[:-1], texts[1:])["input_ids"]
    written.append({"single": single, "pairs": pairs})
json.dump(written, sys.stdout)
