"""PyTorch peer of `npm run bench -- step`: the same training step, timed. For each line on stdin it makes some steps and
prints one JSON object.

Lengths are drawn as on the other side. Padding is on the right, and the encoder computes every position. The scores of
all items are computed at real positions only, as on the other side; with --padded at every position, as public
implementations do.
"""
import argparse
import json
import sys
import time

import torch

from models import Model

parser = argparse.ArgumentParser()
parser.add_argument("--model", choices=["sasrec", "bert4rec"], default="sasrec")
parser.add_argument("--loss", choices=["bpr", "cross-entropy"], default="bpr")
parser.add_argument("--batch", type=int, default=128)
parser.add_argument("--length", type=int, default=50)
parser.add_argument("--items", type=int, default=3501)
parser.add_argument("--hidden", type=int, default=64)
parser.add_argument("--layers", type=int, default=2)
parser.add_argument("--heads", type=int, default=2)
parser.add_argument("--inner", type=int, default=64)
parser.add_argument("--dropout", type=float, default=0.2)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--steps", type=int, default=10)
parser.add_argument("--warmup", type=int, default=3)
parser.add_argument("--padded", action="store_true")
parser.add_argument("--cuda", action="store_true")
a = parser.parse_args()
device = torch.device("cuda" if a.cuda else "cpu")
torch.set_num_threads(a.threads)
torch.manual_seed(0)

model = Model(a).to(device)
optimiser = torch.optim.Adam(model.parameters(), 1e-3)
generator = torch.Generator().manual_seed(1)


def make_step():
    lengths = (a.length * (0.3 + 0.9 * torch.rand(a.batch, generator=generator))).long().clamp(2, a.length)
    real = torch.arange(a.length)[None, :] < lengths[:, None]
    draw = lambda: torch.randint(0, a.items, (a.batch, a.length), generator=generator) * real
    items, targets, negatives, wanted = draw(), draw(), draw(), real
    if a.model == "bert4rec":
        wanted = real & (torch.rand(a.batch, a.length, generator=generator) < 0.2)
        targets, items = items, items.masked_fill(wanted, a.items)
    started, cpu = time.perf_counter(), time.process_time()
    optimiser.zero_grad(set_to_none=True)
    batch = (each.to(device) for each in (items, lengths, targets, negatives, wanted))
    value = model.loss(*batch)
    value.backward()
    optimiser.step()
    value.item()
    return (time.perf_counter() - started) * 1e3, (time.process_time() - cpu) * 1e3, value.item()


def peak_megabytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


for step in range(a.warmup):
    make_step()
for _ in sys.stdin:
    steps = [make_step() for _ in range(a.steps)]
    print(
        json.dumps(
            {
                "torch": torch.__version__,
                "milliseconds": [step[0] for step in steps],
                "cpuMilliseconds": min(step[1] for step in steps),
                "peakMegabytes": peak_megabytes(),
                "loss": steps[-1][2],
            }
        ),
        flush=True,
    )
