"""A llama of a few kilobytes as a GGUF file, and what it computes, said in numpy."""

from __future__ import annotations

import numpy as np

LAYERS, WIDTH, HEADS, GROUPS, INNER, VOCABULARY, BASE, EPSILON = 2, 64, 4, 2, 96, 50, 10_000.0, 1e-5


def tiny_weights(seed=0, *, own_output=False):
    """Random weights by their names, queries and keys as llama.cpp orders them."""
    draw = np.random.default_rng(seed)
    keys = WIDTH // HEADS * GROUPS
    shapes = {"attn_q": (WIDTH, WIDTH), "attn_k": (keys, WIDTH), "attn_v": (keys, WIDTH), "attn_output": (WIDTH, WIDTH)}
    shapes |= {"ffn_gate": (INNER, WIDTH), "ffn_up": (INNER, WIDTH), "ffn_down": (WIDTH, INNER)}
    shapes |= {"attn_norm": (WIDTH,), "ffn_norm": (WIDTH,)}
    whole = {f"blk.{layer}.{name}.weight": shape for layer in range(LAYERS) for name, shape in shapes.items()}
    whole |= {"token_embd.weight": (VOCABULARY, WIDTH), "output_norm.weight": (WIDTH,)}
    if own_output:
        whole["output.weight"] = (VOCABULARY, WIDTH)
    return {
        name: (draw.normal(1 if len(shape) == 1 else 0, 0.2 if len(shape) == 1 else 0.4, shape)).astype(np.float32)
        for name, shape in whole.items()
    }


def write_tiny(path, weights, *, architecture="llama", **settings):
    """Write a GGUF file with the library of llama.cpp."""
    from gguf import GGUFWriter

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
    for name, values in weights.items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def log_probabilities(weights, tokens, begin):
    """Of each token from `begin` on, after those before it; neighbours turn together, as in llama.cpp."""
    states = weights["token_embd.weight"][tokens].astype(np.float64)
    head = WIDTH // HEADS
    angles = np.outer(np.arange(len(tokens)), 1.0 / BASE ** (np.arange(0, head, 2) / head))

    def even(values, name):
        return values / np.sqrt((values**2).mean(-1, keepdims=True) + EPSILON) * weights[name]

    def turned(values):
        pairs = values.reshape(len(tokens), -1, head // 2, 2)
        first, second = pairs[..., 0], pairs[..., 1]
        cosine, sine = np.cos(angles)[:, None], np.sin(angles)[:, None]
        return np.stack([first * cosine - second * sine, second * cosine + first * sine], -1).reshape(len(tokens), -1, head)

    def softmax(values):
        powers = np.exp(values - values.max(-1, keepdims=True))
        return powers / powers.sum(-1, keepdims=True)

    ahead = np.triu(np.full((len(tokens), len(tokens)), -np.inf), 1)
    for layer in range(LAYERS):
        part = {name: weights[f"blk.{layer}.{name}.weight"] for name in ("attn_q", "attn_k", "attn_v", "attn_output")}
        normal = even(states, f"blk.{layer}.attn_norm.weight")
        query, key = turned(normal @ part["attn_q"].T), turned(normal @ part["attn_k"].T)
        value = (normal @ part["attn_v"].T).reshape(len(tokens), GROUPS, head)
        seen = [
            softmax(query[:, one] @ key[:, one * GROUPS // HEADS].T / np.sqrt(head) + ahead) @ value[:, one * GROUPS // HEADS]
            for one in range(HEADS)
        ]
        states = states + np.concatenate(seen, -1) @ part["attn_output"].T
        normal = even(states, f"blk.{layer}.ffn_norm.weight")
        gate, up, down = (weights[f"blk.{layer}.ffn_{name}.weight"] for name in ("gate", "up", "down"))
        opened = normal @ gate.T
        states = states + (opened / (1 + np.exp(-opened)) * (normal @ up.T)) @ down.T
    output = weights.get("output.weight", weights["token_embd.weight"])
    likely = np.log(softmax(even(states, "output_norm.weight") @ output.T))
    return np.array([likely[place - 1, tokens[place]] for place in range(begin, len(tokens))])
