/**
 * Batches of sequences of similar length, so that little is computed for padding, and the negatives and masks that go
 * with them. Everything drawn is a function of (seed, epoch, place of the batch): any batch can be made again.
 */
import { groupRows, rowGroupInputs } from '../engine/ops/rows.ts';
import { float32, type HostTensor, int32, type NamedHostTensors } from '../engine/program.ts';
import { Random } from '../shared/random.ts';
import type { TrainingConfig } from './config.ts';
import type { Loss } from './losses.ts';
import type { SequenceModel } from './models/model.ts';

/** Item codes, oldest first; a view of the dataset. */
export type ItemSequence = Uint32Array;

/** Which sequences go into each batch of an epoch, in the order they are trained. */
export function planEpoch(
  lengths: ArrayLike<number>,
  { batchTokens, seed }: Pick<TrainingConfig, 'batchTokens' | 'seed'>,
  epoch: number,
): number[][] {
  const random = new Random(`${seed} order ${epoch}`);
  // Jitter of a tenth mixes neighbours anew in each epoch; exact order would always give the same batches.
  const keyed = Array.from(lengths, (length, sequence) => ({
    sequence,
    length,
    key: length * (1 + 0.1 * random.uniform()),
  })).filter(({ length }) => length > 0);
  keyed.sort((a, b) => a.key - b.key || a.sequence - b.sequence);
  const batches: number[][] = [];
  let batch: number[] = [];
  let longest = 0;
  for (const { sequence, length } of keyed) {
    const wider = Math.max(longest, length);
    if (batch.length > 0 && wider * (batch.length + 1) > batchTokens) {
      batches.push(batch);
      batch = [];
      longest = 0;
    }
    batch.push(sequence);
    longest = Math.max(longest, length);
  }
  if (batch.length > 0) batches.push(batch);
  return random.shuffle(batches);
}

/** What one training step is fed, and how many targets it has. */
export interface TrainingBatch {
  readonly inputs: NamedHostTensors;
  readonly targetCount: number;
}

/** How many positions of a training sequence are used: as input, and in planning. */
export function trainingLength(model: SequenceModel, sequence: ItemSequence): number {
  // A causal model needs a next item for each position.
  const usable = model.bidirectional ? sequence.length : sequence.length - 1;
  return usable < 1 || sequence.length < 2 ? 0 : Math.min(model.maxLength, usable);
}

/** A sequence as it is trained on in an epoch: its latest items or, of one too long for the model, some window before. */
export interface TrainingPart {
  readonly sequence: number;
  readonly length: number;
  readonly earlier: boolean;
}

/**
 * With `longHistories` `all`, a sequence of n usable positions has ceil(n / maxLength) parts, so that an epoch sees about as
 * many positions as there are.
 */
export function trainingParts(
  model: SequenceModel,
  sequences: readonly ItemSequence[],
  longHistories: TrainingConfig['longHistories'],
): TrainingPart[] {
  return sequences.flatMap((items, sequence) => {
    const length = trainingLength(model, items);
    const usable = model.bidirectional ? items.length : items.length - 1;
    const windows = longHistories === 'all' && length > 0 ? Math.ceil(usable / model.maxLength) : 1;
    return Array.from({ length: windows }, (_, window) => ({ sequence, length, earlier: window > 0 }));
  });
}

/** Where the window of a part ends within its sequence (exclusive): anywhere before the end, but as wide as can be. */
export function endOfPart(
  model: SequenceModel,
  items: ItemSequence,
  { length, earlier }: TrainingPart,
  random: Random,
): number {
  if (!earlier) return items.length;
  const first = model.bidirectional ? length : length + 1;
  return first + random.int(items.length - first);
}

/** @param ends where each sequence ends for this batch (exclusive); its own end when absent */
export function trainingBatch(
  model: SequenceModel,
  loss: Loss,
  config: Pick<TrainingConfig, 'maskRatio'> & Partial<Pick<TrainingConfig, 'lastItemRatio'>>,
  sequences: readonly ItemSequence[],
  random: Random,
  ends: readonly number[] = sequences.map(({ length }) => length),
): TrainingBatch {
  const { inputs, rows, targets, owners } = model.bidirectional
    ? maskedBatch(model, sequences, ends, config, random)
    : causalBatch(model, sequences, ends);
  const negatives = drawNegatives(loss, { targets, owners }, sequences, model.itemCount, random);
  const scored = negatives ? concatenate(targets, negatives.data as Int32Array) : targets;
  return {
    targetCount: targets.length,
    inputs: {
      ...inputs,
      ...rowGroupInputs('scored', groupRows(scored)),
      ...(negatives ? { negatives } : {}),
      rows: int32(rows),
      targets: int32(targets),
      weights: float32(new Float32Array(targets.length).fill(1 / targets.length)),
    },
  };
}

interface Targets {
  readonly inputs: NamedHostTensors;
  /** Places in `batch · length` that are scored. */
  readonly rows: Int32Array;
  readonly targets: Int32Array;
  /** Which sequence each row is of. */
  readonly owners: Int32Array;
}

/** Every position predicts the next item. */
function causalBatch(
  model: SequenceModel,
  sequences: readonly ItemSequence[],
  ends: readonly number[],
): Targets {
  const parts = sequences.map((sequence, b) =>
    sequence.subarray(Math.max(0, ends[b]! - model.maxLength - 1), ends[b]),
  );
  const lengths = parts.map((part) => part.length - 1);
  const length = Math.max(...lengths);
  const total = lengths.reduce((sum, n) => sum + n, 0);
  const items = new Int32Array(parts.length * length);
  const codes = new Int32Array(items.length).fill(-1);
  const rows = new Int32Array(total);
  const targets = new Int32Array(total);
  const owners = new Int32Array(total);
  let at = 0;
  parts.forEach((part, b) => {
    for (let t = 0; t < part.length - 1; t++) {
      const place = b * length + t;
      items[place] = part[t]!;
      codes[place] = part[t]!;
      rows[at] = place;
      owners[at] = b;
      targets[at++] = part[t + 1]!;
    }
  });
  const inputs = {
    ...sequenceTensors(items, lengths, length),
    ...rowGroupInputs('items', groupRows(codes)),
  };
  return { inputs, rows, targets, owners };
}

/**
 * Hidden items are to be guessed; at least one in each sequence. Of some sequences only a beginning is seen, with its last
 * item hidden (with the usual share of the others): that is what a retrieval asks for, while elsewhere both sides of a
 * hidden item are known (after BERT4Rec, section 3.6, which hides the last item of whole sequences).
 */
function maskedBatch(
  model: SequenceModel,
  sequences: readonly ItemSequence[],
  ends: readonly number[],
  { maskRatio, lastItemRatio = 0 }: Pick<TrainingConfig, 'maskRatio'> & Partial<TrainingConfig>,
  random: Random,
): Targets {
  const parts: ItemSequence[] = [];
  const certain: number[] = [];
  sequences.forEach((sequence, b) => {
    // Nothing is drawn at 0, so that models of before go on as they began.
    const cut = lastItemRatio > 0 && random.uniform() < lastItemRatio;
    const end = cut ? 2 + random.int(sequence.length - 1) : ends[b]!;
    const part = sequence.subarray(Math.max(0, end - model.maxLength), end);
    parts.push(part);
    certain.push(cut ? part.length - 1 : -1);
  });
  const lengths = parts.map((part) => part.length);
  const length = Math.max(...lengths);
  const items = new Int32Array(parts.length * length);
  const masked = new Float32Array(items.length);
  const codes = new Int32Array(items.length).fill(-1);
  const rows: number[] = [];
  const targets: number[] = [];
  const owners: number[] = [];
  parts.forEach((part, b) => {
    const last = certain[b]!;
    const sure = last < 0 ? random.int(part.length) : last;
    for (let t = 0; t < part.length; t++) {
      const place = b * length + t;
      if (random.uniform() < maskRatio || t === sure) {
        masked[place] = 1;
        rows.push(place);
        targets.push(part[t]!);
        owners.push(b);
      } else {
        items[place] = part[t]!;
        codes[place] = part[t]!;
      }
    }
  });
  const inputs = {
    ...sequenceTensors(items, lengths, length),
    masked: float32(masked, [parts.length, length]),
    ...rowGroupInputs('items', groupRows(codes)),
  };
  return {
    inputs,
    rows: Int32Array.from(rows),
    targets: Int32Array.from(targets),
    owners: Int32Array.from(owners),
  };
}

function sequenceTensors(items: Int32Array, lengths: readonly number[], length: number): NamedHostTensors {
  return {
    items: int32(items, [lengths.length, length]),
    lengths: int32(lengths),
    positions: int32(Int32Array.from({ length }, (_, t) => t)),
  };
}

/** What a model is fed to predict the item after each history, and the row of each prediction. */
export function predictionBatch(model: SequenceModel, histories: readonly ItemSequence[]): NamedHostTensors {
  const room = model.bidirectional ? model.maxLength - 1 : model.maxLength;
  const parts = histories.map((history) => history.subarray(Math.max(0, history.length - room)));
  const lengths = parts.map((part) => part.length + (model.bidirectional ? 1 : 0));
  const length = Math.max(...lengths);
  const items = new Int32Array(parts.length * length);
  const masked = new Float32Array(items.length);
  parts.forEach((part, b) => {
    items.set(part, b * length);
    if (model.bidirectional) masked[b * length + part.length] = 1;
  });
  return {
    ...sequenceTensors(items, lengths, length),
    masked: float32(masked, [parts.length, length]),
    rows: int32(lengths.map((n, b) => b * length + n - 1)),
  };
}

/** Uniform over the items. Negatives of a row are none of its own sequence's items. */
function drawNegatives(
  { sampling }: Loss,
  { targets, owners }: Pick<Targets, 'targets' | 'owners'>,
  sequences: readonly ItemSequence[],
  itemCount: number,
  random: Random,
): HostTensor | undefined {
  if (!sampling) return undefined;
  if (sampling.kind === 'batch') {
    // Without repetition, so that the normaliser's estimate has less noise.
    const count = Math.min(sampling.count, itemCount);
    return int32(sampleWithout(itemCount, count, random), [count]);
  }
  const known = sequences.map((sequence) => new Set(sequence));
  const codes = new Int32Array(targets.length * sampling.count);
  for (let i = 0; i < codes.length; i++) {
    const own = known[owners[Math.floor(i / sampling.count)]!]!;
    let drawn = random.int(itemCount);
    // A sequence may hold every item of a tiny catalogue; then a known one has to do.
    for (let tries = 0; own.has(drawn) && tries < 100; tries++) drawn = random.int(itemCount);
    codes[i] = drawn;
  }
  return int32(codes, [targets.length, sampling.count]);
}

/** `count` different numbers below `bound` (Floyd's algorithm). */
function sampleWithout(bound: number, count: number, random: Random): Int32Array {
  const chosen = new Set<number>();
  for (let next = bound - count; next < bound; next++) {
    const drawn = random.int(next + 1);
    chosen.add(chosen.has(drawn) ? next : drawn);
  }
  return Int32Array.from(chosen);
}

function concatenate(a: Int32Array, b: Int32Array): Int32Array {
  const out = new Int32Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
