"""Records what sentence-transformers makes of sentences.txt, for embeddings.slow.ts to compare with.

    python test/golden/record_embeddings.py FOLDER_OF_ALL_MINILM_L6_V2

Needs sentence-transformers. Writes all-MiniLM-L6-v2.embeddings.json: the vectors (unit length, as this model gives them)
as little-endian float32 in base64, row by row.
"""

import base64
import json
import pathlib
import sys

import numpy
import sentence_transformers

here = pathlib.Path(__file__).parent
sentences = (here / "sentences.txt").read_text(encoding="utf-8").splitlines()
model = sentence_transformers.SentenceTransformer(sys.argv[1], device="cpu")
vectors = model.encode(sentences, batch_size=1, convert_to_numpy=True).astype("<f4")
assert numpy.isfinite(vectors).all() and vectors.shape[0] == len(sentences)
record = {
    "madeBy": f"sentence-transformers {sentence_transformers.__version__}",
    "model": "sentence-transformers/all-MiniLM-L6-v2",
    "maxTokens": model.max_seq_length,
    "rows": vectors.shape[0],
    "dimension": vectors.shape[1],
    "float32": base64.b64encode(vectors.tobytes()).decode("ascii"),
}
(here / "all-MiniLM-L6-v2.embeddings.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
