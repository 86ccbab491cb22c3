"""PyTorch peer of `npm run bench -- retrieve`: SASRec resident in memory, top 10 outside the history.

usage: retrieve.py <items> <length>; prints one JSON object.
"""
import json
import math
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

items, length = int(sys.argv[1]), int(sys.argv[2])
hidden, layers = 64, 2
torch.set_num_threads(2)
torch.manual_seed(0)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention_norm, self.forward_norm = nn.LayerNorm(hidden), nn.LayerNorm(hidden)
        self.query, self.key, self.value, self.output = (nn.Linear(hidden, hidden) for _ in range(4))
        self.inner, self.outer = nn.Linear(hidden, hidden), nn.Linear(hidden, hidden)

    def forward(self, x, mask):
        query = self.attention_norm(x)
        scores = self.query(query) @ self.key(x).transpose(1, 2) / math.sqrt(hidden) + mask
        x = self.forward_norm(query + self.output(torch.softmax(scores, -1) @ self.value(x)))
        return x + self.outer(F.relu(self.inner(x)))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.item = nn.Embedding(items, hidden)
        self.position = nn.Parameter(torch.randn(length, hidden) * 0.02)
        self.blocks = nn.ModuleList(Block() for _ in range(layers))
        self.norm = nn.LayerNorm(hidden)

    @torch.no_grad()
    def top(self, histories, k=10):
        parts = [history[-length:] for history in histories]
        longest = max(len(part) for part in parts)
        codes = torch.zeros(len(parts), longest, dtype=torch.long)
        for row, part in enumerate(parts):
            codes[row, : len(part)] = part
        x = self.item(codes) * math.sqrt(hidden) + self.position[:longest]
        mask = torch.triu(torch.full((longest, longest), -1e9), 1)
        for block in self.blocks:
            x = block(x, mask)
        last = self.norm(x[torch.arange(len(parts)), torch.tensor([len(part) - 1 for part in parts])])
        scores = last @ self.item.weight.t()
        for row, history in enumerate(histories):
            scores[row, history] = -math.inf
        return scores.topk(k)


model = Model().eval()
generator = torch.Generator().manual_seed(1)
draw = lambda bound, size: torch.randint(0, bound, size, generator=generator)
histories = [draw(items, (20 + int(draw(length, (1,))),)) for _ in range(1000)]
for history in histories[:10]:
    model.top([history])
milliseconds = []
for history in histories[:100]:
    started = time.perf_counter()
    model.top([history])
    milliseconds.append((time.perf_counter() - started) * 1e3)
batch = max(1, min(512, 4 * 4194304 // items))
seconds = []
for _ in range(1):
    started = time.perf_counter()
    for start in range(0, len(histories), batch):
        model.top(histories[start : start + batch])
    seconds.append(time.perf_counter() - started)
print(
    json.dumps(
        {
            "medianMilliseconds": sorted(milliseconds)[50],
            "minMilliseconds": min(milliseconds),
            "usersPerSecond": round(len(histories) / min(seconds)),
            "version": torch.__version__,
        }
    )
)
