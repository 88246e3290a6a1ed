"""How well a batch's questions find their passages and sentences: the loss that is learned from.

The views are those that `index.rerank` puts the candidates in order by, with what the language
adds still in them; the candidates are all passages of some four articles, a fifth of the wrong ones
neighbours of the right one.

The loss has three parts:

- cross-entropy of the right passage among all, by the weighted sum of the three views;
- cross-entropy of the right sentence among all, by its MaxSim;
- whether a passage answers a question, for each pair by itself (Zhai and others 2023, SigLIP). The
  first two compare passages for one question; this makes views comparable between questions, by
  which the program tells what it has no answer to. Questions that nothing answers count in it
  alone.

The weights of the views are learned along with the corrections, and thrown away: `beleg fit` finds
those that count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from index.fit import MEAN_SHARE
from index.rerank import LEANING
from training.layers import Encoded, padded, unit
from training.samples import Question, Sample, Text

NOTHING = -1e4
"""The similarity of what is not there."""
PAIRS_SHARE = 1.0
"""What the pairs by themselves count in the loss. Not compared with other shares on these texts."""
MEMORY = 0.97
"""How much of the means stays from one batch to the next."""


class Means:
    """The mean question token, passage token and question vector, of the batches so far.

    They stand in for those that `index.fitting` takes over all texts.
    """

    def __init__(self) -> None:
        self.question = self.passage = self.vector = torch.zeros(())
        self._fresh = True

    @torch.no_grad()
    def update(self, question: Tensor, passage: Tensor, vectors: Tensor) -> None:
        """With the unit-length vectors of a batch's question tokens, passage tokens and
        questions."""
        share = 1.0 if self._fresh else 1 - MEMORY
        self.question = torch.lerp(self.question, question.mean(dim=0), share)
        self.passage = torch.lerp(self.passage, passage.mean(dim=0), share)
        self.vector = torch.lerp(self.vector, vectors.mean(dim=0), share)
        self._fresh = False


@dataclass(frozen=True, slots=True)
class Compared:
    """``passages`` ``(q, p, 3)``: each question's views of each passage; ``sentences`` ``(q, s)``:
    its MaxSim with each sentence. ``right`` ``(q, p)`` and ``holds`` ``(q, s)``: whether a passage
    and a sentence answer; of some questions none does."""

    passages: Tensor
    sentences: Tensor
    right: Tensor
    holds: Tensor


class Loss(nn.Module):
    """The loss of a batch; its weights are kept as logarithms, so that they stay positive."""

    def __init__(self) -> None:
        super().__init__()
        views = torch.log(torch.tensor([10.0, 20.0, 15.0]))
        self._order = nn.Parameter(views.clone())
        self._answers = nn.Parameter(views.clone())
        self._threshold = nn.Parameter(torch.tensor(18.0))
        self._sentence = nn.Parameter(torch.log(torch.tensor(15.0)))

    def forward(self, compared: Compared) -> Tensor:
        """The mean loss of a batch's questions."""
        passage = _surprise(compared.passages @ self._order.exp(), compared.right)
        # A question whose answer is cut by the end of a sentence has none.
        sentence = _surprise(compared.sentences * self._sentence.exp(), compared.holds)
        logits = compared.passages @ self._answers.exp() - self._threshold
        pairs = functional.binary_cross_entropy_with_logits(
            logits, compared.right.float(), reduction="none"
        )
        loss: Tensor = passage + sentence + PAIRS_SHARE * pairs.sum(dim=1).mean()
        return loss


def _surprise(scores: Tensor, right: Tensor) -> Tensor:
    """The mean cross-entropy of what is ``right`` among all, ``(q, n)``, over those questions that
    have any."""
    among = torch.logsumexp(scores.masked_fill(~right, NOTHING), dim=1)
    known = right.any(dim=1)
    surprise = (torch.logsumexp(scores, dim=1) - among) * known
    return surprise.sum() / known.sum().clamp_min(1)


def compare(
    samples: Sequence[Sample],
    questions: Sequence[Sequence[Question]],
    encoded: Sequence[Encoded],
    means: Means,
) -> Compared:
    """Compare the ``questions`` on each of the ``samples`` with all passages of all of them.

    ``encoded`` are, for one sample after the other, its title, its sentences and its questions.
    """
    batch = _Batch(samples, questions, encoded)
    means.update(unit(batch.question_tokens), unit(torch.cat(batch.sentences)), batch.vectors)
    asked = _centred(batch.question_tokens, means.question)
    by_sentence = torch.maximum(
        _best_matches(asked, [_centred(one, means.passage) for one in batch.sentences]),
        _best_matches(asked, [_centred(one, means.passage) for one in batch.titles])[:, batch.of],
    ).clamp_min(-1.0)
    leaning = functional.pad(LEANING * by_sentence[:, :-1], (1, 0), value=NOTHING)
    leaning = leaning.masked_fill(batch.is_first, NOTHING)
    sentences = batch.summed(torch.maximum(by_sentence, leaning))
    cosines = (batch.vectors - MEAN_SHARE * means.vector) @ batch.rows.T
    passages = [
        batch.best(cosines),
        batch.summed(batch.best(by_sentence)),
        batch.best(sentences),
    ]
    return Compared(torch.stack(passages, dim=2), sentences, batch.right, batch.holds)


class _Batch:
    """What is compared, one below the other."""

    def __init__(
        self,
        samples: Sequence[Sample],
        questions: Sequence[Sequence[Question]],
        encoded: Sequence[Encoded],
    ) -> None:
        next_ = iter(encoded)
        self.titles, self.sentences = list[Tensor](), list[Tensor]()
        rows, vectors, question_tokens, weights = [], [], [], []
        of, owners, firsts = list[int](), list[int](), list[int]()
        right, holds = list[set[int]](), list[set[int]]()

        def tokens(text: Text, one: Encoded) -> Tensor:
            return one.tokens[torch.from_numpy(text.kept)]

        for number, (sample, asked) in enumerate(zip(samples, questions, strict=True)):
            self.titles.append(tokens(sample.title, next(next_)))
            passages_before = len(firsts)
            for passage in sample.passages:
                firsts.append(len(owners))
                for sentence in passage:
                    one = next(next_)
                    self.sentences.append(tokens(sentence, one))
                    rows.append(one.vector)
                    of.append(number)
                    owners.append(len(firsts) - 1)
            for question in asked:
                one = next(next_)
                question_tokens.append(tokens(question.text, one))
                weights.append(torch.from_numpy(question.weights / question.weights.sum()))
                vectors.append(one.vector)
                answers = set[int]()
                if question.passage is not None:
                    answers = {passages_before + question.passage}
                right.append(answers)
                holds.append(
                    {firsts[p] + sentence for p in answers for sentence in question.sentences}
                )
        self.of = torch.tensor(of)
        self.is_first = torch.zeros(len(owners), dtype=torch.bool)
        self.is_first[firsts] = True
        self.rows, self.vectors = torch.stack(rows), torch.stack(vectors)
        self.question_tokens = torch.cat(question_tokens)
        self.right = torch.tensor([[n in one for n in range(len(firsts))] for one in right])
        self.holds = torch.tensor([[n in one for n in range(len(owners))] for one in holds])
        self._owners, self._passages = torch.tensor(owners), len(firsts)
        self._weights = torch.cat(weights)
        counts = torch.tensor([len(one) for one in weights])
        self._questions = torch.repeat_interleave(torch.arange(len(counts)), counts)

    def best(self, values: Tensor) -> Tensor:
        """Of each passage the best sentence's, ``(n, s)`` to ``(n, p)``."""
        least = torch.full((len(values), self._passages), NOTHING)
        return least.scatter_reduce(1, self._owners.expand(values.shape), values, "amax")

    def summed(self, values: Tensor) -> Tensor:
        """Over each question's tokens, by their weights: ``(t, n)`` to ``(q, n)``."""
        nothing = torch.zeros(len(self.right), values.shape[1])
        return nothing.index_add(0, self._questions, values * self._weights[:, None])


def _best_matches(asked: Tensor, texts: Sequence[Tensor]) -> Tensor:
    """The best cosine of each question token with one of each text's tokens, ``(t, texts)``."""
    below, mask = padded(texts)
    cosines = asked @ below.reshape(-1, below.shape[2]).T
    found = cosines.view(len(asked), *below.shape[:2]).masked_fill(~mask, NOTHING)
    return found.max(dim=2).values


def _centred(tokens: Tensor, mean: Tensor) -> Tensor:
    """As `index.late_interaction.centre` does."""
    return unit(unit(tokens) - mean)
