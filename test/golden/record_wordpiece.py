"""Records the ids that the reference implementation makes of sentences.txt with a tokenizer trained by us.

    python test/golden/record_wordpiece.py

Needs tokenizers, and wordpiece.tokenizer.json, which test/model/tokenizers.test.ts compares with what training gives. (The
vocabulary of the reference's own trainer is no record: it breaks ties by the order of a hash map.)
"""

import json
import pathlib

from tokenizers import Tokenizer

here = pathlib.Path(__file__).parent
tokenizer = Tokenizer.from_file(str(here / "wordpiece.tokenizer.json"))
sentences = (here / "sentences.txt").read_text(encoding="utf-8").splitlines()
ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in sentences]
(here / "wordpiece.ids.json").write_text(json.dumps(ids) + "\n", encoding="utf-8")
