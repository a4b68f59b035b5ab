"""Compare the gradients of a trainer's model before and after sharding by FSDP; run in two processes.

python -m torch.distributed.run --nproc_per_node=2 -m tests.train.engine.sharded MODEL FOLDER
"""

import os
import sys
from pathlib import Path

os.environ["ACCELERATE_USE_CPU"] = "true"

import torch
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor

from opora.train.engine.trl import share_prefixes
from tests.train.engine.test_trl import make_trainer, sft


def main(tiny_model: str, folder: Path) -> None:
    trainer = make_trainer(sft(folder, gradient_checkpointing=False), tiny_model)
    share_prefixes(trainer)
    model, batch = trainer.model, next(iter(trainer.get_train_dataloader()))
    batch = {name: tensor for name, tensor in batch.items() if name in ("input_ids", "attention_mask", "labels")}
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.manual_seed(0)
            torch.nn.init.normal_(parameter, std=0.3)
    whole = gradients(model, batch)
    mesh = init_device_mesh("cpu", (2,))
    for layer in model.get_base_model().model.layers:
        fully_shard(layer, mesh=mesh)
    fully_shard(model, mesh=mesh)
    assert all(isinstance(tensor, DTensor) for tensor in model.parameters())
    for name, gradient in gradients(model, batch).items():
        # a mean over the processes, each of which has its part of the batch
        mean = whole[name].clone()
        torch.distributed.all_reduce(mean)
        torch.testing.assert_close(gradient, mean / 2, rtol=1e-4, atol=1e-5)
    print(f"{len(whole)} gradients are those of the whole model", flush=True)
    # FSDP keeps gloo's threads running after `destroy_process_group`, and one of them that lets go of a tensor while
    # the interpreter is taken down aborts the process (pytorch issue 190489): leave without that
    torch.distributed.barrier()
    os._exit(0)


def gradients(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    model.zero_grad()
    model(**batch, fused_lm_head=True).loss.backward()
    gradients_by_name = {name: tensor.grad for name, tensor in model.named_parameters() if tensor.grad is not None}
    return {
        name: tensor.full_tensor() if isinstance(tensor, DTensor) else tensor.clone()
        for name, tensor in gradients_by_name.items()
    }


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
