"""The sentence-transformers side of the encoding bench: `python encode.py JOB.json BATCH_SIZE`, see bench/Job.ts.

Prints one line of JSON: {"ms": [...], "peakBytes": ...}. Reading the model is not timed, making ids is, as on our side.
"""

import json
import resource
import sys
import time

import torch
from sentence_transformers import SentenceTransformer

job = json.load(open(sys.argv[1], encoding="utf-8"))
torch.set_num_threads(job["threads"])
model = SentenceTransformer(job["model"], device="cpu")
texts = json.load(open(job["data"], encoding="utf-8"))["texts"]
began = time.perf_counter()
model.encode(texts, batch_size=int(sys.argv[2]))
took = 1000 * (time.perf_counter() - began)
print(json.dumps({"ms": [took], "peakBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
