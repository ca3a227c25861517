"""In a distributed training rank 0 serves, the others do nothing; all of them train on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import layerwalk
from server.viewer.conftest import Small
from server.viewer.test_neutral import paths

SCRIPT = """
import os, sys, warnings
import torch
from torch import distributed, nn
import layerwalk
from layerwalk import TrackerModule, MarkerModule

warnings.simplefilter("error")
torch.set_num_threads(1)
rank = int(sys.argv[1])
distributed.init_process_group("gloo", rank=rank, world_size=2, init_method="file://" + sys.argv[2])
torch.manual_seed(0)
model = nn.Sequential(
    MarkerModule("all"), nn.Linear(4, 8), nn.ReLU(), TrackerModule("seen"), nn.Linear(8, 2)
)
wrapped = nn.parallel.DistributedDataParallel(model)
optimizer = torch.optim.SGD(wrapped.parameters(), lr=0.1)
viewer = layerwalk.watch(wrapped, torch.ones(2, 4), port=0, share=1, strict=True)
torch.manual_seed(rank)
for step in range(4):
    optimizer.zero_grad()
    loss = wrapped(torch.randn(8, 4)).square().mean()
    loss.backward()
    optimizer.step()
    viewer.publish(step=step, loss=loss)
    viewer.flush(20)
found = ["url" if viewer.url else "none"]
if viewer.session is not None:
    history = viewer.session.gallery.training("n1")
    found += [str(one.step) for one in history.steps]
    found += [node.id for node in viewer.session.network("n1").graph.nodes]
viewer.close()
sums = [float(one.detach().sum()) for one in model.parameters()]
print(",".join(found), repr(sums), sep=";")
distributed.barrier()  # nobody leaves while another still talks to it
del wrapped, optimizer, loss  # its hooks end before the group does
distributed.destroy_process_group()
"""


def test_two_processes_train_alike_and_one_serves(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    environment = {**paths(), "OMP_NUM_THREADS": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, str(script), str(rank), str(tmp_path / "meeting")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for rank in range(2)
    ]
    try:
        answers = [process.communicate(timeout=120) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], answers
    (first, first_sums), (second, second_sums) = (
        answer[0].strip().split("\n")[-1].split(";") for answer in answers
    )
    assert first.split(",") == ["url", "0", "1", "2", "3", "input", "3"]
    assert second == "none"
    assert first_sums == second_sums


@pytest.mark.parametrize(("rank", "is_active"), [("0", True), ("1", False), ("odd", True)])
def test_the_rank_of_the_launcher_counts_before_the_processes_meet(
    monkeypatch: pytest.MonkeyPatch, no_thread_left: None, rank: str, *, is_active: bool
) -> None:
    monkeypatch.setitem(os.environ, "RANK", rank)
    with layerwalk.watch(Small(), torch.zeros(1, 1, 6, 6), port=0, strict=True) as viewer:
        assert viewer.is_active is is_active
        viewer.publish(loss=1)
        assert viewer.flush(20)
