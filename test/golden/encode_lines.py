"""Ids of texts and pairs as transformers makes them, for tokenizers.slow.ts.

    python test/golden/encode_lines.py FOLDER MAX_TOKENS < texts.json > ids.json

FOLDER holds a tokenizer of BERT's kind (tokenizer.json, or vocab.txt alone). The texts are a list of strings; written are
{"ids": per text, without special tokens and uncut, "pairs": per text and the next one, cut "longest first", with special tokens}.
"""

import json
import os
import sys
from types import SimpleNamespace

os.environ["HF_HUB_OFFLINE"] = "1"

from transformers import BertTokenizer, PreTrainedTokenizer  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

folder, most = sys.argv[1], int(sys.argv[2])
path = os.path.join(folder, "tokenizer.json")
if os.path.exists(path):
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
else:
    tokenizer = BertTokenizer.from_pretrained(folder).backend_tokenizer
texts = json.load(sys.stdin)
ids = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")


def pair(a, b):
    removed = len(a) + len(b) + 3 - most
    a, b, _ = PreTrainedTokenizer.truncate_sequences(SimpleNamespace(truncation_side="right"), a, b, removed, "longest_first")
    return [cls, *a, sep, *b, sep]


json.dump({"ids": ids, "pairs": [pair(a, b) for a, b in zip(ids, ids[1:])]}, sys.stdout)
