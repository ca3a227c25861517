"""The callbacks, in the real trainers of others, on tiny data."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from layerwalk import LayerwalkWarning
from layerwalk_shared.training import TrainingHistory
from server.viewer.conftest import Small

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("torchvision")]


@pytest.fixture(scope="module")
def torchvision() -> None:
    """Make a torchvision importable whose compiled operators were built for another torch.

    Both trainers import it where it is installed. Nothing here calls those operators.
    """
    try:
        import torchvision  # noqa: F401
    except ModuleNotFoundError:
        return
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        for operator in ("nms", "qnms"):
            schema = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            torch.library.define(f"torchvision::{operator}", schema)


class Seen:
    """Keeps what a callback's viewer told, before it closes."""

    def __init__(self) -> None:
        self.history: TrainingHistory | None = None
        self.nodes: list[str] = []

    def look(self, viewer: Any) -> None:
        viewer.flush(30)
        self.history = viewer.session.gallery.training("n1")
        self.nodes = [node.id for node in viewer.session.network("n1").graph.nodes]


def test_lightning(no_thread_left: None, tmp_path: Path) -> None:
    lightning = pytest.importorskip("pytorch_lightning")
    from layerwalk.integrations.lightning import LayerwalkCallback

    class Module(lightning.LightningModule):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = Small()

        def forward(self, x: Tensor) -> Tensor:
            return self.net(x)

        def training_step(self, batch: Any, _: int) -> Tensor:
            x, y = batch
            loss = nn.functional.cross_entropy(self(x), y)
            self.log("loss", loss)
            self.log("rate", 0.1)
            return loss

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    seen = Seen()

    class Looking(LayerwalkCallback):
        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            seen.look(self.viewer)

    data = TensorDataset(torch.randn(12, 1, 6, 6), torch.randint(0, 4, (12,)))
    callback = Looking(port=0, share=1, strict=True)
    trainer = lightning.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[callback],
        default_root_dir=tmp_path,
    )
    trainer.fit(Module(), DataLoader(data, batch_size=4))
    assert callback.viewer is None
    assert seen.history is not None
    assert [point.step for point in seen.history.metrics] == [1, 2, 3, 4, 5, 6]
    assert set(seen.history.metrics[-1].values) == {"loss", "rate"}
    assert any(node.gradient for node in seen.history.steps[-1].nodes)
    assert "net.conv" in seen.nodes


class Words(Dataset):  # type: ignore[type-arg]
    def __len__(self) -> int:
        return 16

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        tokens = torch.arange(index, index + 6) % 20
        return {"input_ids": tokens, "labels": tokens}


def test_transformers(no_thread_left: None, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    from layerwalk.integrations.transformers import LayerwalkCallback

    seen = Seen()

    class Looking(LayerwalkCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
            if state.global_step == state.max_steps:
                seen.look(self.viewer)

    config = transformers.GPT2Config(
        vocab_size=20, n_positions=8, n_embd=8, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0
    )
    callback = Looking({"input_ids": Words()[0]["input_ids"][None]}, port=0, share=1, strict=True)
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path),
        max_steps=4,
        per_device_train_batch_size=4,
        logging_steps=1,
        report_to=[],
        use_cpu=True,
        save_strategy="no",
        disable_tqdm=True,
    )
    trainer = transformers.Trainer(
        model=transformers.GPT2LMHeadModel(config),
        args=arguments,
        train_dataset=Words(),
        callbacks=[callback],
    )
    trainer.train()
    assert callback.viewer is None
    assert seen.history is not None
    assert seen.history.steps[-1].step == 4
    assert "loss" in seen.history.metrics[-1].values
    assert any(node.gradient for node in seen.history.steps[-1].nodes)
    assert "transformer.h.0.mlp.c_fc" in seen.nodes


def test_trouble_is_said_at_the_users_line(no_thread_left: None, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    from layerwalk.integrations.transformers import LayerwalkCallback

    config = transformers.GPT2Config(
        vocab_size=20, n_positions=8, n_embd=8, n_layer=1, n_head=2, bos_token_id=0, eos_token_id=0
    )
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path), max_steps=2, report_to=[], use_cpu=True, disable_tqdm=True,
        save_strategy="no",
    )  # fmt: skip
    trainer = transformers.Trainer(
        model=transformers.GPT2LMHeadModel(config),
        args=arguments,
        train_dataset=Words(),
        callbacks=[LayerwalkCallback("no tensor", port=0)],
    )
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        trainer.train()
    ours = [one for one in said if issubclass(one.category, LayerwalkWarning)]
    assert [one.filename for one in ours] == [__file__]
