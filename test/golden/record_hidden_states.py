"""Records the hidden states that transformers makes of a few of sentences.txt, alone and as a pair, for embeddings.slow.ts.

    python test/golden/record_hidden_states.py FOLDER_OF_ALL_MINILM_L6_V2

Needs transformers. Writes all-MiniLM-L6-v2.hidden.json: ids with the special ones in place, segments, and the hidden states of
all tokens, one row after the other, as little-endian float32 in base64.
"""

import base64
import json
import pathlib
import sys

import torch
import transformers

here = pathlib.Path(__file__).parent
sentences = (here / "sentences.txt").read_text(encoding="utf-8").splitlines()
tokenizer = transformers.AutoTokenizer.from_pretrained(sys.argv[1])
model = transformers.AutoModel.from_pretrained(sys.argv[1], attn_implementation="eager", dtype=torch.float32).eval()
by_length = sorted(sentences[:40], key=len)
inputs = [tokenizer(text) for text in (by_length[0], by_length[10], by_length[25])]
inputs.append(tokenizer(by_length[5], by_length[12]))
padded = tokenizer.pad(inputs, return_tensors="pt")
with torch.no_grad():
    hidden = model(**padded).last_hidden_state[padded["attention_mask"].bool()]
record = {
    "madeBy": f"transformers {transformers.__version__}, torch {torch.__version__}",
    "ids": [one["input_ids"] for one in inputs],
    "types": [one["token_type_ids"] for one in inputs],
    "dimension": hidden.shape[1],
    "float32": base64.b64encode(hidden.numpy().astype("<f4").tobytes()).decode("ascii"),
}
(here / "all-MiniLM-L6-v2.hidden.json").write_text(json.dumps(record) + "\n", encoding="utf-8")
print([len(ids) for ids in record["ids"]])
