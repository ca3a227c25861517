"""The zoo's networks against other people's: the same parameters give the same answers."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from layerwalk_models import densenet, gpt, inception, vgg, vit


def shake(network: nn.Module, *, gain: float = 1.0) -> nn.Module:
    """Give every parameter and statistic a value of its own, so that none can stand for another.

    With a gain, matrices are larger, so that functions between them leave their straight parts.
    """
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if not tensor.is_floating_point():
                continue
            noise = torch.rand(tensor.shape, generator=generator)
            if name.endswith("running_var"):
                tensor.copy_(0.5 + noise)
            elif tensor.ndim == 1:
                tensor.add_(0.2 * noise)
            else:
                tensor.mul_(gain)
    return network.eval()


def copy_in_order(source: nn.Module, target: nn.Module) -> None:
    """Copy parameters and buffers by their place; shapes must agree."""
    values = list(source.state_dict().values())
    places = list(target.state_dict().items())
    assert len(values) == len(places)
    with torch.no_grad():
        for value, (name, place) in zip(values, places, strict=True):
            assert value.shape == place.shape, name
            place.copy_(value)
    target.eval()


@torch.inference_mode()
def assert_same_answers(ours: nn.Module, theirs: nn.Module, x: Tensor) -> None:
    expected = theirs(x)
    assert expected.std() > 0
    torch.testing.assert_close(
        ours(x), expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max())
    )


@pytest.fixture
def pictures() -> Tensor:
    return torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(1))


def test_densenet121_is_torchvisions(torchvision: ModuleType, pictures: Tensor) -> None:
    theirs = torchvision.models.densenet121(num_classes=7)
    ours = shake(densenet.make_densenet121(7))
    copy_in_order(ours, theirs)
    assert_same_answers(ours, theirs, pictures)


def test_inception_v3_is_torchvisions(torchvision: ModuleType, pictures: Tensor) -> None:
    theirs = torchvision.models.inception_v3(num_classes=7, init_weights=False)
    ours = shake(inception.make_inception_v3(7))
    copy_in_order(ours, theirs)
    assert_same_answers(ours, theirs, pictures)
    middle = torch.rand(1, 768, 17, 17)
    assert isinstance(ours, inception.InceptionV3)
    assert ours.auxiliary is not None
    assert_same_answers(ours.auxiliary, theirs.AuxLogits, middle)


def test_vgg13_has_torchvisions_convolutions_and_the_end_of_table_2_4(
    torchvision: ModuleType, pictures: Tensor
) -> None:
    """The last maximum is left out for an average, the hidden neurons are 1024."""
    layers: list[Any] = [
        entry for width in (64, 128, 256, 512, 512) for entry in (width, width, "M")
    ]
    make_layers = torchvision.models.vgg.make_layers
    theirs = nn.Sequential(
        make_layers(layers[:-1], batch_norm=True),
        nn.AdaptiveAvgPool2d(7),
        nn.Flatten(),
        nn.Linear(25_088, 1024),
        nn.ReLU(),
        nn.Linear(1024, 1024),
        nn.ReLU(),
        nn.Linear(1024, 5),
    )
    ours = shake(vgg.make_vgg13(5))
    copy_in_order(ours, theirs)
    assert_same_answers(ours, theirs, pictures)


def test_the_vision_transformer_is_torchvisions(torchvision: ModuleType) -> None:
    theirs = torchvision.models.VisionTransformer(
        image_size=32, patch_size=8, num_layers=2, num_heads=3, hidden_dim=24, mlp_dim=96,
        num_classes=5,
    )  # fmt: skip
    ours = vit.ViT(5, side=32, patch=8, width=24, depth=2, heads=3)
    shake(ours, gain=10.0)
    nn.init.normal_(ours.class_token)
    state = ours.state_dict()
    table = {
        "class_token": "class_token",
        "conv_proj.weight": "patches.weight",
        "conv_proj.bias": "patches.bias",
        "encoder.pos_embedding": "places",
        "encoder.ln.weight": "norm.weight",
        "encoder.ln.bias": "norm.bias",
        "heads.head.weight": "fc.weight",
        "heads.head.bias": "fc.bias",
    }
    parts = {
        "ln_1.weight": "norm1.weight",
        "ln_1.bias": "norm1.bias",
        "self_attention.in_proj_weight": "attention.query_key_value.weight",
        "self_attention.in_proj_bias": "attention.query_key_value.bias",
        "self_attention.out_proj.weight": "attention.gather.weight",
        "self_attention.out_proj.bias": "attention.gather.bias",
        "ln_2.weight": "norm2.weight",
        "ln_2.bias": "norm2.bias",
        "mlp.0.weight": "perceptron.0.weight",
        "mlp.0.bias": "perceptron.0.bias",
        "mlp.3.weight": "perceptron.2.weight",
        "mlp.3.bias": "perceptron.2.bias",
    }
    for layer in range(2):
        table |= {
            f"encoder.layers.encoder_layer_{layer}.{a}": f"blocks.{layer}.{b}"
            for a, b in parts.items()
        }
    theirs.load_state_dict({name: state[ours_name] for name, ours_name in table.items()})
    assert len(table) == len(state)
    assert_same_answers(ours, theirs.eval(), torch.rand(2, 3, 32, 32))


def test_the_gpt_is_that_of_transformers(torchvision: ModuleType) -> None:
    transformers = pytest.importorskip("transformers")
    theirs = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(vocab_size=11, n_positions=9, n_embd=24, n_layer=2, n_head=3)
    )
    ours = gpt.GPT(11, length=9, width=24, depth=2, heads=3)
    shake(ours, gain=10.0)
    state = ours.state_dict()
    with torch.no_grad():
        body = theirs.transformer
        pairs = [
            (body.wte.weight, state["tokens.weight"]),
            (body.wpe.weight, state["places.weight"]),
            (body.ln_f.weight, state["norm.weight"]),
            (body.ln_f.bias, state["norm.bias"]),
        ]
        for layer, block in enumerate(body.h):
            for theirs_name, ours_name in (
                ("ln_1", "norm1"),
                ("attn.c_attn", "attention.query_key_value"),
                ("attn.c_proj", "attention.gather"),
                ("ln_2", "norm2"),
                ("mlp.c_fc", "perceptron.0"),
                ("mlp.c_proj", "perceptron.2"),
            ):
                module = block.get_submodule(theirs_name)
                weight = state[f"blocks.{layer}.{ours_name}.weight"]
                pairs.append((module.weight, weight.T if weight.ndim == 2 else weight))
                pairs.append((module.bias, state[f"blocks.{layer}.{ours_name}.bias"]))
        for place, value in pairs:
            place.copy_(value)
    assert len(pairs) == len(state)
    ids = torch.tensor([[3, 0, 10, 7, 7, 1], [2, 2, 9, 4, 5, 6]])
    with torch.inference_mode():
        torch.testing.assert_close(ours(ids), theirs.eval()(ids).logits, rtol=1e-4, atol=1e-5)
