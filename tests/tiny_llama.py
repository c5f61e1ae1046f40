"""A llama of a few kilobytes as a GGUF file, and what it computes, said in numpy."""

from __future__ import annotations

import numpy as np

LAYERS, WIDTH, HEADS, GROUPS, INNER, VOCABULARY, BASE, EPSILON = 2, 64, 4, 2, 96, 50, 10_000.0, 1e-5


def tiny_weights(seed=0, *, own_output=False, biased=False, vocabulary=VOCABULARY):
    """Random weights by their names, queries and keys as llama.cpp orders them; `biased` as a qwen2 is."""
    draw = np.random.default_rng(seed)
    keys = WIDTH // HEADS * GROUPS
    shapes = {"attn_q": (WIDTH, WIDTH), "attn_k": (keys, WIDTH), "attn_v": (keys, WIDTH), "attn_output": (WIDTH, WIDTH)}
    shapes |= {"ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER)}
    shapes |= {"attn_norm": (WIDTH,), "ffn_norm": (WIDTH,)}
    if biased:
        shapes |= {f"{name}.bias": shapes[name][:1] for name in ("attn_q", "attn_k", "attn_v")}
    whole = {
        f"blk.{layer}.{name}{'' if name.endswith('bias') else '.weight'}": shape
        for layer in range(LAYERS)
        for name, shape in shapes.items()
    }
    whole |= {"token_embd.weight": (vocabulary, WIDTH), "output_norm.weight": (WIDTH,)}
    if own_output:
        whole["output.weight"] = (vocabulary, WIDTH)
    return {
        name: draw.normal("norm" in name, 0.2 if "norm" in name else 0.4, shape).astype(np.float32) for name, shape in whole.items()
    }


def write_tiny(path, weights, *, architecture="llama", **settings):
    """Write a GGUF file with the library of llama.cpp."""
    from gguf import GGUFWriter
    from gguf.quants import quantize

    writer = GGUFWriter(path, architecture)
    writer.add_block_count(settings.get("layers", LAYERS))
    writer.add_embedding_length(WIDTH)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(GROUPS)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_rope_freq_base(BASE)
    writer.add_rope_dimension_count(settings.get("turned", WIDTH // HEADS))
    if "scaling" in settings:
        writer.add_string("llama.rope.scaling.type", settings["scaling"])
    if "begins" in settings:
        writer.add_add_bos_token(settings["begins"])
    for add in settings.get("more", ()):
        add(writer)
    kind = settings.get("kind")
    for name, values in weights.items():
        if kind is None or values.ndim == 1:
            writer.add_tensor(name, values)
        else:
            writer.add_tensor(name, quantize(values, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny_chat(path, *, template=CHAT, architecture="qwen2"):
    """Write a qwen2 whose tokens are bytes, with three special ones and a template; what it says means nothing."""
    from gguf import TokenType
    from tokenizers.pre_tokenizers import ByteLevel

    special = ["<|im_end|>", "<|im_start|>", "<|endoftext|>"]
    tokens = [*sorted(ByteLevel.alphabet()), "ab", *special]
    kinds = [TokenType.NORMAL] * (len(tokens) - len(special)) + [TokenType.CONTROL] * len(special)

    def add(writer):
        writer.add_context_length(4096)
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre("qwen2")
        writer.add_token_list(tokens)
        writer.add_token_types(kinds)
        writer.add_token_merges(["a b"])
        writer.add_eos_token_id(len(tokens) - len(special))
        writer.add_chat_template(template)

    weights = tiny_weights(biased=True, own_output=True, vocabulary=len(tokens))
    return write_tiny(path, weights, architecture=architecture, more=[add])


def log_probabilities(weights, tokens, begin, *, in_pairs=True):
    """Of each token from `begin` on, after those before it; neighbours turn together as in a llama of llama.cpp, or halves."""
    states = weights["token_embd.weight"][tokens].astype(np.float64)
    head = WIDTH // HEADS
    angles = np.outer(np.arange(len(tokens)), 1.0 / BASE ** (np.arange(0, head, 2) / head))

    def even(values, name):
        return values / np.sqrt((values**2).mean(-1, keepdims=True) + EPSILON) * weights[name]

    def turned(values):
        pairs = values.reshape(len(tokens), -1, *((head // 2, 2) if in_pairs else (2, head // 2)))
        axis = -1 if in_pairs else -2
        first, second = (pairs.take(half, axis) for half in (0, 1))
        cosine, sine = np.cos(angles)[:, None], np.sin(angles)[:, None]
        return np.stack([first * cosine - second * sine, second * cosine + first * sine], axis).reshape(len(tokens), -1, head)

    def softmax(values):
        powers = np.exp(values - values.max(-1, keepdims=True))
        return powers / powers.sum(-1, keepdims=True)

    ahead = np.triu(np.full((len(tokens), len(tokens)), -np.inf), 1)
    for layer in range(LAYERS):
        normal = even(states, f"blk.{layer}.attn_norm.weight")
        query, key, value = (
            normal @ weights[f"blk.{layer}.{name}.weight"].T + weights.get(f"blk.{layer}.{name}.bias", 0)
            for name in ("attn_q", "attn_k", "attn_v")
        )
        query, key = turned(query), turned(key)
        value = value.reshape(len(tokens), GROUPS, head)
        seen = [
            softmax(query[:, one] @ key[:, one * GROUPS // HEADS].T / np.sqrt(head) + ahead) @ value[:, one * GROUPS // HEADS]
            for one in range(HEADS)
        ]
        states = states + np.concatenate(seen, -1) @ weights[f"blk.{layer}.attn_output.weight"].T
        normal = even(states, f"blk.{layer}.ffn_norm.weight")
        gate, up, down = (weights[f"blk.{layer}.ffn_{name}.weight"] for name in ("gate", "up", "down"))
        opened = normal @ gate.T
        states = states + (opened / (1 + np.exp(-opened)) * (normal @ up.T)) @ down.T
    output = weights.get("output.weight", weights["token_embd.weight"])
    likely = np.log(softmax(even(states, "output_norm.weight") @ output.T))
    return np.array([likely[place - 1, tokens[place]] for place in range(begin, len(tokens))])
