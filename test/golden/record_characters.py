"""Writes src/model/tokenization/characterTables.ts: which characters the reference takes for letters, punctuation, marks, …

    python test/golden/record_characters.py && npm run format

Needs tokenizers. The reference (Rust) has its classes from several crates with Unicode versions of their own, between 8 and 16;
so each class is asked for, character by character, instead of taken from a version of Unicode.
"""

import pathlib

from tokenizers import normalizers, pre_tokenizers

target = pathlib.Path(__file__).parents[2] / "src/model/tokenization/characterTables.ts"
characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF]


def pieces(pre_tokenizer, text):
    return len(pre_tokenizer.pre_tokenize_str(text))


def is_between(pre_tokenizer, count, neighbour="a"):
    return [c for c in characters if pieces(pre_tokenizer, neighbour + c + neighbour) == count]


def bert(**switches):
    off = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
    return normalizers.BertNormalizer(**{**off, **switches})


def dropped(normalizer):
    return [c for c in characters if normalizer.normalize_str("a" + c + "b") == "ab"]


    name = type(form).__name__
    return [c for c in characters if form.normalize_str(c) == c and unicodedata.normalize(name, c) != c]


byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
tables = {
    "removedByCleaning": ("`clean_text` of BERT's normalizer drops these.", dropped(bert(clean_text=True))),
    "ideographs": (
        "`handle_chinese_chars` of BERT's normalizer puts spaces around these.",
        [c for c in characters if bert(handle_chinese_chars=True).normalize_str(c) == f" {c} "],
    ),
    "nonspacingMarks": ("`strip_accents` of BERT's normalizer drops these.", dropped(bert(strip_accents=True))),
    "combiningMarks": ("`StripAccents` drops these.", dropped(normalizers.StripAccents())),
    "punctuation": ("`BertPreTokenizer` and `Punctuation` cut around these.", is_between(pre_tokenizers.Punctuation(), 3)),
    "wordCharacters": (r"`\w` of Rust's regex crate.", is_between(pre_tokenizers.Whitespace(), 1)),
    "digits": ("`char::is_numeric` of Rust.", is_between(pre_tokenizers.Digits(True), 3)),
    "letters": (r"`\p{L}` of Oniguruma.", is_between(byte_level, 1)),
    "numbers": (r"`\p{N}` of Oniguruma.", is_between(byte_level, 1, "1")),
}


def base36(number):
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    return digits[number] if number < 36 else base36(number // 36) + digits[number % 36]


def packed(members):
    runs = []
    for code in map(ord, members):
        if runs and runs[-1][1] == code:
            runs[-1][1] += 1
        else:
            runs.append([code, code + 1])
    words, at = [], 0
    for start, end in runs:
        words.append(base36(start - at) + ("" if end - start == 1 else "+" + base36(end - start)))
        at = end
    return words


def lines(words):
    line = ""
    for word in words:
        if len(line) + len(word) > 125:
            yield line
            line = ""
        line += word + " "
    yield line.rstrip()


text = '''/**
 * Which characters the reference implementation of tokenizers takes for what. Written by test/golden/record_characters.py.
 *
 * A class is a list of runs in the order of code points: the gap since the run before, and `+` its length where it is not 1, both in
 * base 36. `characters.ts` reads them.
 */
'''
for name, (meaning, members) in tables.items():
    body = " +\n".join(f'  "{line}"' for line in lines(packed(members)))
    text += f"\n/** {meaning} */\nexport const {name} =\n{body};\n"
target.write_text(text, encoding="utf-8")
