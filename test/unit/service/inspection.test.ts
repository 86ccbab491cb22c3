import assert from 'node:assert/strict';
import { sampleInMemory } from '../../../src/data/sample.ts';
import type { Dataset } from '../../../src/data/dataset.ts';
import type { UsageError } from '../../../src/shared/errors.ts';
import { Catalogue } from '../../../src/service/handlers/catalogue.ts';
import { historyOf } from '../../../src/service/handlers/history.ts';
import { equalBins, inspect, wholeBins } from '../../../src/service/handlers/inspection.ts';
import { statisticsViewSchema } from '../../../src/service/requests/dataset-views.ts';

describe('what the inspector is told of a dataset', () => {
  let dataset: Dataset;
  before(async () => (dataset = await sampleInMemory()));

  const total = (bins: readonly { count: number }[]) => bins.reduce((sum, { count }) => sum + count, 0);

  it('puts every user, interaction and item into exactly one bin', () => {
    const view = inspect(dataset, 8);
    assert.deepEqual(statisticsViewSchema.parse(view), view);
    assert.equal(total(view.lengths.bins), dataset.userCount);
    assert.equal(total(view.time!.bins), dataset.interactionCount);
    assert.equal(total(view.ratings), dataset.interactionCount);
    const year = view.attributes.find(({ name }) => name === 'year')!;
    assert.equal(total(year.bins), year.covered);
    assert.ok(year.bins.every(({ from, to }) => Number.isInteger(from) && Number.isInteger(to)));
  });

  it('draws popularity from the first rank to the last, never rising', () => {
    const { curve } = inspect(dataset, 8).popularity;
    assert.equal(curve[0]!.rank, 1);
    assert.equal(curve.at(-1)!.rank, dataset.itemCount);
    assert.ok(
      curve.every(
        ({ rank, count }, i) => i === 0 || (rank > curve[i - 1]!.rank && count <= curve[i - 1]!.count),
      ),
    );
    const seen = new Map<number, number>();
    for (const item of dataset.items) seen.set(item, (seen.get(item) ?? 0) + 1);
    assert.equal(curve[0]!.count, Math.max(...seen.values()));
  });

  it('counts by hand: bins of equal width with the last value inside', () => {
    assert.deepEqual(equalBins([0, 1, 2, 3, 4], 0, 4, 2), [
      { from: 0, to: 2, count: 2 },
      { from: 2, to: 4, count: 3 },
    ]);
  });

  it('widens bins where the tail is long, and leaves no length out', () => {
    const lengths = Uint32Array.from([20, 21, 25, 96, 2314, 2314]);
    const bins = wholeBins(lengths, 20, 2314);
    assert.equal(bins[0]!.from, 20);
    assert.ok(bins.at(-1)!.to > 2314 && bins.length <= 25);
    assert.ok(bins.every(({ from, to }, i) => to > from && (i === 0 || from === bins[i - 1]!.to)));
    assert.ok(bins.at(-1)!.to - bins.at(-1)!.from > 10 * (bins[0]!.to - bins[0]!.from));
    assert.equal(total(bins), 6);
    assert.deepEqual(wholeBins(Uint32Array.from([3, 3]), 3, 3), [{ from: 3, to: 4, count: 2 }]);
    assert.deepEqual(
      wholeBins(Uint32Array.from([5, 6, 6, 8]), 5, 8).map(({ count }) => count),
      [1, 2, 0, 1],
    );
  });

  it('pages through the catalogue, most popular first, and searches without case and accents', () => {
    const catalogue = new Catalogue(dataset);
    const first = catalogue.page('', 0, 3);
    assert.equal(first.total, dataset.catalogueCount);
    assert.ok(first.rows[0]!.interactions >= first.rows[1]!.interactions);
    assert.deepEqual(catalogue.page('', 1, 1).rows[0], first.rows[1]);
    const { title, code } = first.rows[2]!;
    const found = catalogue.page(` ${title.toUpperCase()} `, 0, 500);
    assert.ok(found.rows.some((row) => row.code === code));
    assert.ok(found.total < dataset.catalogueCount);
    assert.deepEqual(catalogue.page('no such film at all', 0, 5), { total: 0, rows: [] });
    assert.deepEqual(catalogue.page('', dataset.catalogueCount, 5).rows, []);
  });

  it('shows a history newest first, with the parts of the split', () => {
    const view = historyOf(dataset, 3, 5);
    const end = dataset.offsets[4]!;
    assert.equal(view.length, end - dataset.offsets[3]!);
    assert.equal(view.rows[0]!.title, dataset.item(dataset.items[end - 1]!).title);
    assert.deepEqual(
      view.rows.map(({ part }) => part),
      ['test', 'validation', 'train', 'train', 'train'],
    );
    assert.throws(
      () => historyOf(dataset, dataset.userCount, 5),
      (error: UsageError) => error.code === 'unknown-user',
    );
    const drawn = historyOf(dataset, null, 1).user;
    assert.ok(drawn >= 0 && drawn < dataset.userCount);
  });
});
