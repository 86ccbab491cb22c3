"""SASRec and BERT4Rec in PyTorch, as peers of this project's own: the same layers in the same order."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class Attention(nn.Module):
    def __init__(self, a):
        super().__init__()
        self.heads = a.heads
        self.query, self.key, self.value, self.output = (nn.Linear(a.hidden, a.hidden) for _ in range(4))
        self.dropout = nn.Dropout(a.dropout)

    def forward(self, query, memory, mask):
        batch, length, hidden = query.shape
        split = lambda x: x.view(batch, length, self.heads, hidden // self.heads).transpose(1, 2)
        q, k, v = split(self.query(query)), split(self.key(memory)), split(self.value(memory))
        weights = self.dropout(torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + mask, -1))
        return self.output((weights @ v).transpose(1, 2).reshape(batch, length, hidden))


class SasRecBlock(nn.Module):
    def __init__(self, a):
        super().__init__()
        self.attention_norm, self.forward_norm = nn.LayerNorm(a.hidden, eps=1e-8), nn.LayerNorm(a.hidden, eps=1e-8)
        self.attention = Attention(a)
        self.inner, self.outer = nn.Linear(a.hidden, a.inner), nn.Linear(a.inner, a.hidden)
        self.dropout = nn.Dropout(a.dropout)

    def forward(self, x, mask):
        query = self.attention_norm(x)
        x = self.forward_norm(query + self.attention(query, x, mask))
        return x + self.dropout(self.outer(F.relu(self.dropout(self.inner(x)))))


class BertBlock(nn.Module):
    def __init__(self, a):
        super().__init__()
        self.attention_norm, self.forward_norm = nn.LayerNorm(a.hidden), nn.LayerNorm(a.hidden)
        self.attention = Attention(a)
        self.inner, self.outer = nn.Linear(a.hidden, a.inner), nn.Linear(a.inner, a.hidden)
        self.dropout = nn.Dropout(a.dropout)

    def forward(self, x, mask):
        x = self.attention_norm(x + self.dropout(self.attention(x, x, mask)))
        return self.forward_norm(x + self.dropout(self.outer(F.gelu(self.inner(x)))))


class Model(nn.Module):
    """`a` has model, loss, length, items, hidden, layers, heads, inner, dropout, padded, as in step.py's options."""

    def __init__(self, a):
        super().__init__()
        self.a = a
        bert = a.model == "bert4rec"
        self.item = nn.Embedding(a.items + (1 if bert else 0), a.hidden)
        self.position = nn.Parameter(torch.randn(a.length, a.hidden) * 0.02)
        nn.init.normal_(self.item.weight, 0, 0.02)
        self.blocks = nn.ModuleList((BertBlock if bert else SasRecBlock)(a) for _ in range(a.layers))
        self.norm = nn.LayerNorm(a.hidden)
        self.dropout = nn.Dropout(a.dropout)
        if bert:
            self.head, self.head_norm = nn.Linear(a.hidden, a.hidden), nn.LayerNorm(a.hidden)
            self.bias = nn.Parameter(torch.zeros(a.items))
        self.register_buffer("causal", torch.triu(torch.full((a.length, a.length), -1e9), 1))

    def forward(self, items, lengths):
        a = self.a
        x = self.item(items) * (math.sqrt(a.hidden) if a.model == "sasrec" else 1) + self.position
        if a.model == "sasrec":
            x, mask = self.dropout(x), self.causal
        else:
            x = self.dropout(self.norm(x))
            keys = torch.arange(a.length, device=items.device)[None, :] < lengths[:, None]
            mask = (keys.float() - 1).mul(1e9).view(-1, 1, 1, a.length)
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x) if a.model == "sasrec" else x

    def loss(self, items, lengths, targets, negatives, wanted):
        a = self.a
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
