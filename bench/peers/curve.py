"""PyTorch peer of `npm run bench -- curve`: trains SASRec on the sequences in a folder, every one padded to the full length
(as public implementations do), and ranks all items for every user's validation item after each epoch. For each line on
stdin it makes one epoch and prints one JSON object.

The folder has `task.json` (sizes, the names and shapes of the parameters), `items.i32` and `offsets.i32` (training items,
oldest first), `validation.i32` (one item a user) and `parameters.f32` (where training begins, in the order of task.json).
"""
import argparse
import json
import math
import sys
import time
from array import array
from pathlib import Path
from types import SimpleNamespace

import torch

from models import Model

parser = argparse.ArgumentParser()
parser.add_argument("folder", type=Path)
parser.add_argument("--seed", type=int, default=0)
options = parser.parse_args()
task = json.loads((options.folder / "task.json").read_text())
a = SimpleNamespace(**task["model"], model="sasrec", loss="cross-entropy", padded=True)
torch.set_num_threads(task["threads"])
torch.manual_seed(options.seed)


def numbers(name, kind="i"):
    values = array(kind)
    values.frombytes((options.folder / name).read_bytes())
    return values


flat, offsets, held_out = numbers("items.i32"), numbers("offsets.i32"), numbers("validation.i32")
sequences = [list(flat[offsets[u] : offsets[u + 1]]) for u in range(len(offsets) - 1)]
trained = [u for u, sequence in enumerate(sequences) if len(sequence) > 1]

model = Model(a)
weights, at = torch.tensor(numbers("parameters.f32", "f")), 0
places = {"item": "item.weight", "position": "position", "final_norm": "norm"}
parts = {
    "query": "attention.query", "key": "attention.key", "value": "attention.value", "output": "attention.output",
    "attention_norm": "attention_norm", "feed_forward_norm": "forward_norm", "inner": "inner", "outer": "outer",
}  # fmt: skip
state = model.state_dict()
for name, shape in task["parameters"]:
    value = weights[at : at + math.prod(shape)].view(shape)
    at += math.prod(shape)
    first, *rest = name.split(".")
    if first == "layers":
        first, rest = f"blocks.{rest[0]}.{parts[rest[1]]}", rest[2:]
    else:
        first = places[first]
    if rest:  # a matrix lies the other way round in PyTorch
        first = f"{first}.{'bias' if rest[-1] == 'bias' else 'weight'}"
        value = value.t() if rest[-1] == "weight" else value
    assert state[first].shape == value.shape, (name, first)
    state[first] = value
model.load_state_dict(state)
optimiser = torch.optim.Adam(model.parameters(), task["learningRate"])


def pad(rows):
    padded = torch.zeros(len(rows), a.length, dtype=torch.long)
    for b, row in enumerate(rows):
        padded[b, : len(row)] = torch.tensor(row)
    return padded, torch.tensor([len(row) for row in rows])


def make_epoch():
    model.train()
    order, total, count = torch.randperm(len(trained)).tolist(), 0.0, 0
    for start in range(0, len(order), task["batch"]):
        chosen = [sequences[trained[i]][-a.length - 1 :] for i in order[start : start + task["batch"]]]
        items, lengths = pad([row[:-1] for row in chosen])
        targets, _ = pad([row[1:] for row in chosen])
        wanted = torch.arange(a.length)[None, :] < lengths[:, None]
        optimiser.zero_grad(set_to_none=True)
        value = model.loss(items, lengths, targets, None, wanted)
        value.backward()
        optimiser.step()
        n = int(lengths.sum())
        total, count = total + value.item() * n, count + n
    return total / count


@torch.no_grad()
def validate():
    model.eval()
    users = [u for u in trained if held_out[u] >= 0]
    gain, hits = 0.0, 0
    for start in range(0, len(users), 256):
        chosen = users[start : start + 256]
        items, lengths = pad([sequences[u][-a.length :] for u in chosen])
        scores = model(items, lengths)[torch.arange(len(chosen)), lengths - 1] @ model.item.weight.t()
        for row, u in zip(scores, chosen):
            wanted = row[held_out[u]].item()
            row[sequences[u]] = -math.inf
            row[held_out[u]] = -math.inf
            better = int((row >= wanted).sum())  # ties count against the model
            if better < 10:
                hits, gain = hits + 1, gain + 1 / math.log2(better + 2)
    return hits / len(users), gain / len(users)


for _ in sys.stdin:
    started = time.perf_counter()
    loss = make_epoch()
    seconds = time.perf_counter() - started
    recall, ndcg = validate()
    print(
        json.dumps({"torch": torch.__version__, "seconds": seconds, "loss": loss, "recall@10": recall, "ndcg@10": ndcg}),
        flush=True,
    )
