"""PyTorch peer of `npm run bench -- step`: the same training step, timed. For each line on stdin it makes some steps and
prints one JSON object.

Lengths are drawn as on the other side. Padding is on the right, and the encoder computes every position. The scores of
all items are computed at real positions only, as on the other side; with --padded at every position, as public
implementations do.
"""
import argparse
import json
import math
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

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
width = a.hidden // a.heads


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(a.hidden, a.hidden) for _ in range(4))
        self.dropout = nn.Dropout(a.dropout)

    def forward(self, query, memory, mask):
        split = lambda x: x.view(a.batch, a.length, a.heads, width).transpose(1, 2)
        q, k, v = split(self.query(query)), split(self.key(memory)), split(self.value(memory))
        weights = self.dropout(torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(width) + mask, -1))
        return self.output((weights @ v).transpose(1, 2).reshape(a.batch, a.length, a.hidden))


class SasRecBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.forward_norm = nn.LayerNorm(a.hidden, eps=1e-8), nn.LayerNorm(a.hidden, eps=1e-8)
        self.attention = Attention()
        self.inner, self.outer = nn.Linear(a.hidden, a.inner), nn.Linear(a.inner, a.hidden)
        self.dropout = nn.Dropout(a.dropout)

    def forward(self, x, mask):
        query = self.attention_norm(x)
        x = self.forward_norm(query + self.attention(query, x, mask))
        return x + self.dropout(self.outer(F.relu(self.dropout(self.inner(x)))))


class BertBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.forward_norm = nn.LayerNorm(a.hidden), nn.LayerNorm(a.hidden)
        self.attention = Attention()
        self.inner, self.outer = nn.Linear(a.hidden, a.inner), nn.Linear(a.inner, a.hidden)
        self.dropout = nn.Dropout(a.dropout)

    def forward(self, x, mask):
        x = self.attention_norm(x + self.dropout(self.attention(x, x, mask)))
        return self.forward_norm(x + self.dropout(self.outer(F.gelu(self.inner(x)))))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        bert = a.model == "bert4rec"
        self.item = nn.Embedding(a.items + (1 if bert else 0), a.hidden)
        self.position = nn.Parameter(torch.randn(a.length, a.hidden) * 0.02)
        nn.init.normal_(self.item.weight, 0, 0.02)
        self.blocks = nn.ModuleList((BertBlock if bert else SasRecBlock)() for _ in range(a.layers))
        self.norm = nn.LayerNorm(a.hidden)
        self.dropout = nn.Dropout(a.dropout)
        if bert:
            self.head, self.head_norm = nn.Linear(a.hidden, a.hidden), nn.LayerNorm(a.hidden)
            self.bias = nn.Parameter(torch.zeros(a.items))
        self.register_buffer("causal", torch.triu(torch.full((a.length, a.length), -1e9), 1))

    def forward(self, items, lengths):
        x = self.item(items) * (math.sqrt(a.hidden) if a.model == "sasrec" else 1) + self.position
        if a.model == "sasrec":
            x, mask = self.dropout(x), self.causal
        else:
            x = self.dropout(self.norm(x))
            keys = torch.arange(a.length, device=device)[None, :] < lengths[:, None]
            mask = (keys.float() - 1).mul(1e9).view(a.batch, 1, 1, a.length)
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x) if a.model == "sasrec" else x

    def loss(self, items, lengths, targets, negatives, wanted):
        hidden = self(items, lengths)
        if a.model == "bert4rec":
            hidden = self.head_norm(F.gelu(self.head(hidden[wanted])))
            return F.cross_entropy(hidden @ self.item.weight[: a.items].t() + self.bias, targets[wanted])
        if a.loss == "cross-entropy" and not a.padded:
            return F.cross_entropy(hidden[wanted] @ self.item.weight.t(), targets[wanted])
        if a.loss == "cross-entropy":
            scores = hidden @ self.item.weight.t()
            labels = torch.where(wanted, targets, torch.full_like(targets, -100))
            return F.cross_entropy(scores.view(-1, a.items), labels.view(-1), ignore_index=-100)
        margin = (hidden * (self.item(targets) - self.item(negatives))).sum(-1)
        mask = wanted.float()
        return -(F.logsigmoid(margin) * mask).sum() / mask.sum()


model = Model().to(device)
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
