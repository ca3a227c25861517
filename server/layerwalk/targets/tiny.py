"""Small configurations: the same architecture with few and narrow layers, made in a moment."""

from __future__ import annotations

from typing import Any

WIDTH, HEADS, LAYERS, INNER, VOCABULARY, POSITIONS, SIDE, PATCH = 32, 4, 2, 64, 120, 64, 32, 8
SIZES: dict[str, int] = {
    **dict.fromkeys(("hidden_size", "attention_hidden_size", "d_model", "embed_dim", "embedding_size", "dim", "n_embd",
                     "word_embed_proj_dim", "projection_dim", "text_embed_dim"), WIDTH),
    **dict.fromkeys(("num_attention_heads", "encoder_attention_heads", "decoder_attention_heads",
                     "n_head", "n_heads", "num_heads"), HEADS),
    **dict.fromkeys(("num_key_value_heads",), HEADS // 2),
    **dict.fromkeys(("num_hidden_layers", "encoder_layers", "decoder_layers", "n_layer", "n_layers",
                     "num_layers", "num_decoder_layers"), LAYERS),
    **dict.fromkeys(("intermediate_size", "encoder_ffn_dim", "decoder_ffn_dim", "d_ff",
                     "hidden_dim", "ffn_dim"), INNER),
    **dict.fromkeys(("head_dim", "d_kv"), WIDTH // HEADS),
    "vocab_size": VOCABULARY,
    **dict.fromkeys(("max_position_embeddings", "n_positions", "max_source_positions",
                     "max_target_positions"), POSITIONS),
    "rotary_dim": WIDTH // HEADS // 2,
    "image_size": SIDE,
    "patch_size": PATCH,
}  # fmt: skip
"""What the fields of configurations are called, and how large they become."""
PARTS = ("text_config", "vision_config", "encoder", "decoder", "audio_config")
"""Fields that hold a configuration of their own."""


def make_tiny(config: Any) -> None:
    """Make a configuration of transformers small, in place; fields with other names stay."""
    for name, size in SIZES.items():
        try:
            if isinstance(getattr(config, name, None), int):
                setattr(config, name, size)
        except (AttributeError, NotImplementedError):
            continue  # computed of other fields
    for name in PARTS:
        part = getattr(config, name, None)
        if hasattr(part, "to_dict"):
            make_tiny(part)
    for name, value in list(vars(config).items()):
        if name.endswith("_token_id") and isinstance(value, int) and value >= VOCABULARY:
            setattr(config, name, 1)
    kinds = vars(config).get("layer_types")
    if isinstance(kinds, list):
        config.layer_types = kinds[:LAYERS]
