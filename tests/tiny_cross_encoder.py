"""A real cross-encoder of a few kilobytes whose weights are set by hand: more words of the question, more points.

Layer 1: every token looks at the tokens of its own word and takes from them whether they stand in the text. Layer 2: the first
token takes the mean of that over the question. The rest of BERT is left in place and does nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_WORD = 60  # dimensions that tell words apart
_SIDE, _MET = 60, 61  # question or text; whether the word stands on the other side
_WIDTH = 64
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def overlap_cross_encoder(folder: Path, texts: Iterable[str], *, max_tokens: int = 128, labels: int = 1) -> Path:
    """Write the model and a tokenizer that knows every word of some texts; return the folder."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    words = sorted({word.lower() for text in texts for word in re.findall(r"\w+|[^\w\s]", text)})
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate((*_SPECIAL, *words))}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = {name: f"[{name[:-6].upper()}]" for name in ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token")}
    inputs = ["input_ids", "token_type_ids", "attention_mask"]
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=max_tokens, model_input_names=inputs, **names
    ).save_pretrained(folder)

    torch.manual_seed(0)
    size = len(words) + len(_SPECIAL)
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=size,
            hidden_size=_WIDTH,
            num_hidden_layers=2,
            num_attention_heads=1,
            intermediate_size=8,
            max_position_embeddings=max_tokens,
            num_labels=labels,
        )
    )
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.fill_(1.0 if name.endswith("LayerNorm.weight") else 0.0)
        bert = model.bert
        half = torch.tensor([-1.0, 1.0]).repeat(_WORD // 2)  # as many of both: normalising then moves nothing
        bert.embeddings.word_embeddings.weight[:, :_WORD] = torch.stack([half[torch.randperm(_WORD)] for _ in range(size)])
        bert.embeddings.token_type_embeddings.weight[:, _SIDE] = torch.tensor([-1.0, 1.0])
        met, told = (layer.attention for layer in bert.encoder.layer)
        for part in (met.self.query, met.self.key):
            part.weight[:_WORD, :_WORD] = 2 * torch.eye(_WORD)
        met.self.value.weight[_MET, _SIDE] = 1.0
        met.output.dense.weight[_MET, _MET] = 1.0
        told.self.query.bias[0] = 100.0
        told.self.key.weight[0, _SIDE] = -1.0  # the question's tokens only
        told.self.value.weight[_MET, _MET] = 1.0
        told.output.dense.weight[_MET, _MET] = 1.0
        bert.pooler.dense.weight[0, _MET] = 0.3
        model.classifier.weight[:, 0] = 10.0
    model.save_pretrained(folder)
    return folder
