"""Records small tokenizers of every supported kind, and the ids that the reference implementation makes of nasty texts.

    python test/golden/tokenizers/record.py

Needs tokenizers, transformers (for its truncation of pairs) and sentencepiece (for a precompiled character map). Written are
NAME.json (tokenizers; trained on ../sentences.txt and texts.py) and ids.json, which test/model/referenceIds.test.ts compares:

    texts      all texts
    variants   [{name, base, change, ids}]: base with the keys of `change` in place of its own; ids per text, without special tokens
    pairs      [{name, form, rows: [{a, b, maxTokens, ids}]}]: indices of texts; ids with special tokens, cut "longest first"
"""

import base64
import json
import pathlib
import tempfile
from types import SimpleNamespace

import sentencepiece
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizer

from texts import learned, texts

here = pathlib.Path(__file__).parent
corpus = (here.parent / "sentences.txt").read_text(encoding="utf-8").splitlines() + learned * 3


def write(name, value):
    (here / name).write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def bert(lowercase):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(corpus, trainers.WordPieceTrainer(vocab_size=1300, min_frequency=1, special_tokens=special))
    return tokenizer


def added(content, number, **flags):
    off = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": number, "content": content, **{**off, **flags}}


def roberta():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=1200, min_frequency=1, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(corpus, trainer)
    value = json.loads(tokenizer.to_str())
    value["added_tokens"] = [added(token, number, lstrip=token == "<mask>") for number, token in enumerate(special)]
    value["post_processor"] = {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": True, "add_prefix_space": False}
    value["model"]["unk_token"] = "<unk>"
    return value


def character_map():
    """A small one of SentencePiece's: widths, ligatures, digits in circles, composition, what becomes a space, what is dropped."""
    rules = {"e\u0301": "é", "a\u0301": "á", "a\u0308": "ä", "u\u0308": "ü", "o\u0308": "ö", "か\u3099": "が", "カ\u3099": "ガ", "ｶﾞ": "ガ", "ｶ": "カ", "ﾞ": "゛"}
    rules |= {chr(0xFF01 + i): chr(0x21 + i) for i in range(94)}
    rules |= {"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "①": "1", "②": "2", "½": "1⁄2", "…": "...", "㍿": "株式会社", "㎏": "kg", "№": "No", "\u212b": "Å", "\u212a": "K", "𝓗": "H"}
    rules |= {space: " " for space in ["\t", "\n", "\r", "\u00a0", "\u3000", "\u2003", "\u200b", "\u200e", "\ufeff", "\ufffd", "\u2581"]}
    rules |= {dropped: "" for dropped in ["\u0001", "\u0002", "\u001f", "\u007f", "\u00ad"]}
    with tempfile.TemporaryDirectory() as folder:
        lines = [" ".join(f"{ord(c):X}" for c in key) + "\t" + " ".join(f"{ord(c):X}" for c in value) for key, value in rules.items()]
        pathlib.Path(folder, "rules.tsv").write_text("\n".join(lines) + "\n")
        pathlib.Path(folder, "text.txt").write_text("\n".join(corpus), encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            input=f"{folder}/text.txt", model_prefix=f"{folder}/m", vocab_size=600, normalization_rule_tsv=f"{folder}/rules.tsv", minloglevel=2
        )
        proto = sentencepiece_model_pb2.ModelProto()
        proto.ParseFromString(pathlib.Path(folder, "m.model").read_bytes())
        return base64.b64encode(proto.normalizer_spec.precompiled_charsmap).decode()


def unigram():
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=1100, special_tokens=special, unk_token="<unk>")
    tokenizer.train_from_iterator(corpus, trainer)
    value = json.loads(tokenizer.to_str())
    value["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": character_map()}
    vocabulary = value["model"]["vocab"] = [[token, round(score, 5)] for token, score in value["model"]["vocab"]]
    # Pieces that no trainer with this pre-tokenizer finds, and two that tie.
    vocabulary += [["▁▁", -6.0], ["▁a▁b", -7.0], ["xx", -9.0], ["xxx", -13.5], ["xxxx", -18.0], ["<0x41>", -30.0]]
    value["added_tokens"] = [added(token, number) for number, token in enumerate(special)]
    value["added_tokens"].append(added("<mask>", len(vocabulary), lstrip=True))
    value["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
        "pair": [
            {"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}},
            {"SpecialToken": {"id": "</s>", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}},
        ],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}, "</s>": {"id": "</s>", "ids": [2], "tokens": ["</s>"]}},
    }
    return value


def byte_fallback():
    """As Llama and Gemma have it: no pre-tokenizer, ▁ by the normalizer, bytes for what is unknown."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    special = ["<unk>", "<s>", "</s>", "<pad>", "<mask>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=800, limit_alphabet=60, min_frequency=1, special_tokens=special)
    tokenizer.train_from_iterator(corpus, trainer)
    value = json.loads(tokenizer.to_str())
    value["pre_tokenizer"] = None
    value["normalizer"] = {
        "type": "Sequence",
        "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}],
    }
    value["added_tokens"] = [added(token, number) for number, token in enumerate(special[:5])]
    return value


bases = {
    "uncased": json.loads(bert(True).to_str()),
    "cased": json.loads(bert(False).to_str()),
    "roberta": roberta(),
    "unigram": unigram(),
    "fallback": byte_fallback(),
}


def sequence(*steps):
    return {"type": "Sequence", ("pretokenizers" if "behavior" in json.dumps(steps) or steps[0]["type"] in splitters else "normalizers"): list(steps)}


splitters = {"WhitespaceSplit", "Metaspace", "ByteLevel", "Split", "Punctuation", "Digits", "Whitespace", "BertPreTokenizer", "FixedLength", "CharDelimiterSplit"}
space_split, byte_level = {"type": "WhitespaceSplit"}, {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
gpt4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
spaces = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
albert = sequence(
    {"type": "Replace", "pattern": {"String": "``"}, "content": '"'}, {"type": "Replace", "pattern": {"String": "''"}, "content": '"'},
    {"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, spaces,
)
words = [
    ("<extra>", {"special": False, "lstrip": True, "rstrip": True}),
    ("new york", {"special": False, "single_word": True, "normalized": True}),
    ("É!", {"special": False, "normalized": True}),
    ("newyork", {"special": False}),
    ("newer", {"special": False, "single_word": True}),
]
# The reference numbers them itself, from the end of the vocabulary on.
first_free = len(bases["uncased"]["model"]["vocab"])
words = [added(content, first_free + i, **flags) for i, (content, flags) in enumerate(words)]
bert_switches = {"type": "BertNormalizer", "clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}


def split(pattern, behavior, invert=False):
    return {"type": "Split", "pattern": pattern, "behavior": behavior, "invert": invert}


variants = [
    *[(name, name, {}) for name in bases],
    ("uncased, not cleaned", "uncased", {"normalizer": {**bert_switches, "lowercase": True}}),
    ("uncased, accents kept", "uncased", {"normalizer": {**bert_switches, "clean_text": True, "handle_chinese_chars": True, "lowercase": True}}),
    ("cased, accents off", "cased", {"normalizer": {**bert_switches, "strip_accents": True}}),
    ("added words", "uncased", {"added_tokens": bases["uncased"]["added_tokens"] + words}),
    ("nmt, words and signs", "cased", {"normalizer": sequence({"type": "Nmt"}, {"type": "Strip", "strip_left": True, "strip_right": False}, {"type": "NFC"}), "pre_tokenizer": {"type": "Whitespace"}}),
    ("digits alone", "cased", {"normalizer": {"type": "NFKC"}, "pre_tokenizer": sequence(space_split, {"type": "Digits", "individual_digits": True}, {"type": "Punctuation", "behavior": "Contiguous"})}),
    ("digits together", "cased", {"normalizer": {"type": "NFD"}, "pre_tokenizer": sequence(space_split, {"type": "Digits", "individual_digits": False}, {"type": "Punctuation", "behavior": "MergedWithPrevious"})}),
    ("cut at hyphens", "cased", {"normalizer": {"type": "Strip", "strip_left": True, "strip_right": True}, "pre_tokenizer": sequence(split({"String": "-"}, "MergedWithNext"), split({"Regex": r"\s+"}, "Removed"), {"type": "FixedLength", "length": 4})}),
    ("cut by an inverted pattern", "cased", {"normalizer": {"type": "Lowercase"}, "pre_tokenizer": sequence(split({"Regex": r"\w+|[^\w\s]+"}, "Removed", True), split({"String": "."}, "Isolated"))}),
    ("roberta, space in front", "roberta", {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}, "normalizer": {"type": "NFC"}}),
    ("roberta, GPT-4's pattern", "roberta", {"pre_tokenizer": sequence(split({"Regex": gpt4}, "Isolated"), byte_level)}),
    ("roberta, bytes by the normalizer", "roberta", {"normalizer": {"type": "ByteLevel"}, "pre_tokenizer": None}),
    ("unigram, T5", "unigram", {"pre_tokenizer": metaspace, "normalizer": sequence(bases["unigram"]["normalizer"], spaces)}),
    ("unigram, first, not cut", "unigram", {"pre_tokenizer": {**metaspace, "prepend_scheme": "first", "split": False}}),
    ("unigram, never", "unigram", {"pre_tokenizer": {**metaspace, "prepend_scheme": "never"}}),
    ("unigram, Albert", "unigram", {"normalizer": albert, "pre_tokenizer": sequence(space_split, metaspace)}),
    ("unigram, nmt and NFKC", "unigram", {"normalizer": sequence({"type": "Nmt"}, {"type": "NFKC"}, spaces)}),
]


def changed(base, change):
    return Tokenizer.from_str(json.dumps({**bases[base], "truncation": None, "padding": None, **change}))


def cut(a, b, room):
    cut_by = SimpleNamespace(truncation_side="right")
    return PreTrainedTokenizer.truncate_sequences(cut_by, a, b, len(a) + len(b) - room, "longest_first")[:2]


def pair_rows(name, opening, between, closing):
    tokenizer, rows = changed(name, {}), []
    for a, b in [(20, 22), (22, 20), (0, 24), (24, 0), (0, 0), (31, 36), (36, 31), (70, 71), (44, 44), (20, 36), (37, 20)]:
        first, second = (tokenizer.encode(texts[i], add_special_tokens=False).ids for i in (a, b))
        for most in (8, 9, 16, 33, 512):
            kept = cut(first, second, most - len(opening + between + closing))
            rows.append({"a": a, "b": b, "maxTokens": most, "ids": opening + kept[0] + between + kept[1] + closing})
    return rows


for name, value in bases.items():
    write(f"{name}.json", value)
write(
    "ids.json",
    {
        "texts": texts,
        "variants": [
            {"name": name, "base": base, "change": change, "ids": [changed(base, change).encode(text, add_special_tokens=False).ids for text in texts]}
            for name, base, change in variants
        ],
        "pairs": [
            {"name": "uncased", "form": "bert", "rows": pair_rows("uncased", [2], [3], [3])},
            {"name": "roberta", "form": "roberta", "rows": pair_rows("roberta", [0], [2, 2], [2])},
            {"name": "unigram", "form": "roberta", "rows": pair_rows("unigram", [0], [2, 2], [2])},
        ],
    },
)
