"""How nodes are shown: what the operation says beyond the shape."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from layerwalk.targets.shim import import_torchvision
from layerwalk.tracking import trace
from layerwalk_shared.graph import View


def views(model: nn.Module, *args: Tensor, **settings: str) -> dict[str, View]:
    graph = trace(model, args, **settings).graph
    return {node.id: node.view for node in graph.nodes}


class Scores(nn.Module):
    """Attention written out, `[heads, T, S]`."""

    def __init__(self) -> None:
        super().__init__()
        self.queries, self.keys, self.values = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8)
        self.drop = nn.Dropout()

    def forward(self, x: Tensor) -> Tensor:
        queries, keys, values = (
            part(x).view(x.shape[0], -1, 2, 4).transpose(1, 2)
            for part in (self.queries, self.keys, self.values)
        )
        scores = torch.matmul(queries, keys.transpose(-1, -2)) / 2
        scores = scores + torch.zeros(5, 5)
        weights = self.drop(torch.softmax(scores, -1))
        return torch.matmul(weights, values)


def test_weights_of_attention_are_shown_by_head() -> None:
    found = views(Scores(), torch.randn(1, 5, 8))
    attention = {node for node, view in found.items() if view == "attention"}
    assert attention == {"matmul", "div", "add", "softmax", "drop"}
    assert found["queries"] == "tokens"
    assert found["matmul:2"] == "maps"


def test_a_softmax_of_classes_is_no_attention() -> None:
    class Shares(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3, 8)

        def forward(self, x: Tensor) -> Tensor:
            return torch.softmax(self.fc(x).view(-1, 2, 2, 2), 1)

    assert views(Shares(), torch.rand(1, 3))["softmax"] == "maps"
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Softmax(1))
    assert views(model, torch.rand(1, 3, 6, 6)) == {"input": "image", "0": "maps", "1": "maps"}


def test_attention_modules_give_tokens_and_a_picture_for_each_head() -> None:
    class Net(nn.Module):
        def __init__(self, **settings: bool) -> None:
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
            self.settings = settings

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return self.attention(x, x, x, **self.settings)

    x = torch.randn(1, 5, 8)
    found = views(Net(average_attn_weights=False), x)
    assert (found["attention"], found["attention.1"]) == ("tokens", "attention")
    assert views(Net(), x)["attention.1"] == "tokens"


def test_what_runs_over_time_is_a_sequence() -> None:
    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.lstm = nn.Embedding(9, 4), nn.LSTM(4, 6, batch_first=True)
            self.act, self.head = nn.Tanh(), nn.Linear(6, 3)

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            states, (last, _) = self.lstm(self.embed(x))
            return self.head(self.act(states)), last

    found = views(Tagger(), torch.randint(9, (1, 7)))
    assert found["input"] == "vector"
    assert found["embed"] == "tokens"
    assert (found["lstm"], found["act"]) == ("sequence", "sequence")
    assert found["head"] == "tokens"
    sound = nn.Sequential(nn.Conv1d(1, 4, 3), nn.ReLU(), nn.MaxPool1d(2))
    assert set(views(sound, torch.randn(1, 1, 20)).values()) == {"tokens", "sequence"}
    assert views(sound, torch.randn(1, 1, 20))["1"] == "sequence"


def test_scans_and_clips_are_shown_in_slices() -> None:
    scan = nn.Sequential(nn.Conv3d(1, 2, 3), nn.BatchNorm3d(2), nn.ReLU(), nn.Flatten())
    found = views(scan, torch.rand(1, 1, 5, 6, 7))
    assert found == {"input": "volume", "0": "volume", "1": "volume", "2": "volume", "3": "vector"}

    class Frames(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.look = nn.Conv2d(3, 4, 3)

        def forward(self, clip: Tensor) -> Tensor:
            return self.look(clip.flatten(0, 1)).mean((2, 3))

    assert views(Frames(), torch.rand(1, 5, 3, 8, 8))["input"] == "frames"


def test_patches_of_a_picture_are_laid_out_as_the_picture() -> None:
    import_torchvision()
    from torchvision.models import VisionTransformer

    model = VisionTransformer(
        image_size=24, patch_size=8, num_layers=2, num_heads=2, hidden_dim=8, mlp_dim=16
    )
    found = views(model, torch.rand(1, 3, 24, 24))
    assert found["input"] == "image"
    assert found["conv_proj"] == "maps"
    inside = {view for node, view in found.items() if node.startswith("encoder.") or node == "cat"}
    assert inside == {"grid"}
    assert found["heads.head"] == "vector"


def test_channels_last_are_laid_out_as_the_picture() -> None:
    import_torchvision()
    from torchvision.models import SwinTransformer

    model = SwinTransformer([4, 4], 8, depths=[1, 1], num_heads=[2, 2], window_size=[3, 3])
    found = views(model, torch.rand(1, 3, 48, 48))
    assert found["features.0.0"] == "maps"
    for node in ("features.0.2", "features.1.0.norm1", "features.2.reduction", "norm"):
        assert found[node] == "grid", node


def test_texts_of_a_square_number_of_tokens_are_no_pictures() -> None:
    model = nn.Sequential(nn.Embedding(9, 4), nn.LayerNorm(4))
    assert set(views(model, torch.randint(9, (1, 16))).values()) == {"vector", "tokens"}


def test_a_view_that_was_set_stays() -> None:
    model = nn.Conv3d(1, 2, 3)
    traced = trace(nn.Sequential(model), torch.rand(1, 1, 5, 6, 7), input_views={"input": "maps"})
    assert [node.view for node in traced.graph.nodes] == ["maps", "volume"]
