"""Makes a tiny model of every architecture and records what transformers computes with it, for architectures.test.ts.

    python test/golden/record_architectures.py

Needs torch, transformers, tokenizers, safetensors. Writes architectures/KIND/, a Hugging Face folder with random weights (an
encoder with its pooler, a classifier of one label and the head for masked words), in another form of file for each kind, and
architectures/KIND.numbers.json: hidden states of texts and pairs, pooler outputs, the classifier's logits and the words' logits,
from padded batches in float32, as little-endian float32 in base64.
"""

import base64
import json
import pathlib
import shutil

import safetensors.torch
import tokenizers
import torch
import transformers
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, AutoModelForSequenceClassification

here = pathlib.Path(__file__).parent / "architectures"
torch.manual_seed(14)
torch.set_num_threads(1)

shape = {
    "vocab_size": 60,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 40,
    "num_labels": 1,
}
positions = {"max_position_embeddings": 42, "type_vocab_size": 1, "pad_token_id": 1, "layer_norm_eps": 1e-5}
distil = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48}
kinds = {
    "bert": ("bert", {}, torch.float32, "safetensors"),
    "bert-half": ("bert", {"hidden_act": "gelu_new"}, torch.float16, "safetensors"),
    "roberta": ("roberta", positions, torch.float32, "safetensors pieces"),
    "xlm-roberta": ("xlm-roberta", {**positions, "hidden_act": "gelu_pytorch_tanh"}, torch.float32, "bin pieces"),
    "camembert": ("camembert", {**positions, "num_hidden_layers": 1}, torch.bfloat16, "bin"),
    "distilbert": ("distilbert", {**distil, "activation": "relu"}, torch.float32, "bin"),
    "electra": ("electra", {"embedding_size": 24, "hidden_act": "silu"}, torch.bfloat16, "safetensors"),
}


def words():
    letters = "abcdefghijklmnopqrstuvwxyz"
    return list(letters) + [f"##{letter}" for letter in letters[:20]] + ["the", "cat", "sleeps", "dog", "runs", "and", ".", ","]


def wordpiece():
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocab = {token: i for i, token in enumerate(special + words())}
    made = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocab, unk_token="[UNK]"))
    made.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    made.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    made.decoder = tokenizers.decoders.WordPiece()
    made.add_special_tokens(special)
    return made, {"tokenizer_class": "BertTokenizer", "do_lower_case": True}


def roberta(template):
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    vocab = {token: i for i, token in enumerate(special + [word for word in words() if not word.startswith("##")] + ["<mask>"])}
    made = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocab, unk_token="<unk>"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    if template:
        made.post_processor = tokenizers.processors.TemplateProcessing(
            single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
        )
    else:
        made.post_processor = tokenizers.processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    made.add_special_tokens(special + ["<mask>"])
    roles = {"bos_token": "<s>", "cls_token": "<s>", "sep_token": "</s>", "eos_token": "</s>", "pad_token": "<pad>"}
    return made, {**roles, "unk_token": "<unk>", "mask_token": "<mask>", "tokenizer_class": "PreTrainedTokenizerFast"}


def shaken(model):
    for name, parameter in model.named_parameters():
        is_norm = "norm" in name.lower() and name.endswith("weight")
        parameter.data = torch.randn_like(parameter) * 0.25 + (1 if is_norm else 0)
    return model


def combined(config):
    """The state dicts of the encoder with its pooler, of the classifier and of the head for masked words, on one encoder."""
    masked = shaken(AutoModelForMaskedLM.from_config(config)).state_dict()
    classifier = shaken(AutoModelForSequenceClassification.from_config(config)).state_dict()
    bare = shaken(AutoModel.from_config(config)).state_dict()
    prefix = AutoModel.from_config(config).base_model_prefix + "."
    pooler = {prefix + name: value for name, value in bare.items() if name.startswith("pooler.")}
    return {**pooler, **classifier, **masked}


def in_pieces(state):
    names = sorted(state)
    half = len(names) // 2
    return [{name: state[name] for name in part} for part in (names[:half], names[half:])]


def odd_strides(state):
    """Transposed in memory, and inside of a larger storage: values are the same."""
    odd = dict(state)
    for name in sorted(state):
        if state[name].dim() == 2 and ("ffn.lin1" in name or "intermediate.dense" in name):
            odd[name] = state[name].t().contiguous().t()
        if name.endswith("bias") and state[name].dim() == 1:
            odd[name] = torch.cat([torch.full((3,), 7.0).to(state[name].dtype), state[name]])[3:]
    return odd


def save(folder, state, form):
    is_bin = form.startswith("bin")
    stem, ending = ("pytorch_model", "bin") if is_bin else ("model", "safetensors")
    tied = {name for name in state if "decoder.weight" in name or "generator_lm_head.weight" in name or "decoder.bias" in name}
    if is_bin:
        write = lambda part, name: torch.save(part, folder / name)  # noqa: E731
        state = odd_strides(state)
    else:
        write = lambda part, name: safetensors.torch.save_file(  # noqa: E731
            {key: value.contiguous().clone() for key, value in part.items()}, folder / name, {"format": "pt"}
        )
        state = {name: value for name, value in state.items() if name not in tied}
    if not form.endswith("pieces"):
        return write(state, f"{stem}.{ending}")
    places = {}
    for i, part in enumerate(in_pieces(state)):
        name = f"{stem}-0000{i + 1}-of-00002.{ending}"
        write(part, name)
        places.update({key: name for key in part})
    index = {"metadata": {}, "weight_map": places}
    (folder / f"{stem}.{ending}.index.json").write_text(json.dumps(index, indent=1) + "\n")


def draw(generator, length, vocab):
    return torch.randint(6, vocab - 1, (length,), generator=generator).tolist()


def batch(rows, types, pad):
    longest = max(len(row) for row in rows)
    fill = lambda row, value: row + [value] * (longest - len(row))  # noqa: E731
    return {
        "input_ids": torch.tensor([fill(row, pad) for row in rows]),
        "attention_mask": torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows]),
        "token_type_ids": torch.tensor([fill(row, 0) for row in types]),
    }


def packed(tensor):
    return base64.b64encode(tensor.detach().numpy().astype("<f4").tobytes()).decode("ascii")


def load(cls, folder):
    model, info = cls.from_pretrained(folder, dtype=torch.float32, output_loading_info=True, attn_implementation="eager")
    assert not info["missing_keys"] and not info["mismatched_keys"], info
    return model.eval()


for kind, (model_type, differences, dtype, form) in kinds.items():
    folder = here / kind
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = AutoConfig.for_model(model_type, **{**shape, **differences})
    state = {name: value.to(dtype) for name, value in combined(config).items()}
    is_roberta = "pad_token_id" in differences
    tokenizer, settings = roberta(template=kind != "roberta") if is_roberta else wordpiece()
    config.architectures = [type(AutoModelForSequenceClassification.from_config(config)).__name__]
    config.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n")
    save(folder, state, form)

    cls, sep, pad = (0, 2, 1) if is_roberta else (2, 3, 0)
    generator = torch.Generator().manual_seed(len(kind))
    vocab = config.vocab_size
    texts = [draw(generator, length, vocab) for length in (4, 0, 1, 11, 21, 38)]
    if is_roberta:
        texts[3][5] = pad  # written out in a text, it is a token that is not counted
    pairs = [[draw(generator, length, vocab) for length in lengths] for lengths in ((3, 5), (9, 1), (0, 2), (17, 15))]
    singles = batch([[cls, *text, sep] for text in texts], [[0] * (len(text) + 2) for text in texts], pad)
    middle = [sep, sep] if is_roberta else [sep]
    second = 0 if is_roberta else 1
    doubles = batch(
        [[cls, *a, *middle, *b, sep] for a, b in pairs],
        [[0] * (1 + len(a) + len(middle)) + [second] * (len(b) + 1) for a, b in pairs],
        pad,
    )
    if model_type == "distilbert":
        singles.pop("token_type_ids"), doubles.pop("token_type_ids")
    with torch.no_grad():
        bare = load(AutoModel, folder)
        of_texts, of_pairs = bare(**singles), bare(**doubles)
        logits = load(AutoModelForSequenceClassification, folder)(**doubles).logits
        word_logits = load(AutoModelForMaskedLM, folder)(**singles).logits
    real = lambda rows, mask: rows[mask.bool()]  # noqa: E731
    record = {
        "madeBy": f"transformers {transformers.__version__}, torch {torch.__version__}",
        "texts": texts,
        "pairs": pairs,
        "hidden": packed(real(of_texts.last_hidden_state, singles["attention_mask"])),
        "pairHidden": packed(real(of_pairs.last_hidden_state, doubles["attention_mask"])),
        "pooled": packed(of_texts.pooler_output) if "pooler_output" in of_texts else None,
        "logits": packed(logits[:, 0]),
        "wordLogits": packed(word_logits[:, 1]),
    }
    (here / f"{kind}.numbers.json").write_text(json.dumps(record) + "\n")
    print(kind, form, [round(float(value), 3) for value in logits[:, 0]], float(word_logits.std()))
