import type { AttributeView, Bin, StatisticsView } from '../src/service/requests/dataset-views.ts';
import { day, number, percent, shortNumber, t } from './language.ts';
import type { Mark, PlotSpec, Tick } from './plot.ts';
import { linearTicks, logTicks, timeTicks } from './scale.ts';

/** The plots of the inspector, from the engine's statistics. */

/** `5` for a bin of one whole number, `5–9` for one of several. */
function range({ from, to }: Bin): string {
  const last = Math.ceil(to) - 1;
  return last <= from ? number(from) : `${number(from)}–${number(last)}`;
}

export function lengthPlot({ lengths, users }: StatisticsView): PlotSpec {
  const { bins } = lengths;
  return {
    kind: 'bars',
    title: t('History length'),
    summary: t(
      'From {0} to {1} interactions; half of the users have {2} or fewer.',
      number(lengths.least),
      number(lengths.most),
      number(lengths.median),
    ),
    marks: bins.map((bin) => ({
      from: bin.from,
      to: bin.to,
      value: bin.count,
      readout: t(
        '{0} interactions: {1} users ({2})',
        range(bin),
        number(bin.count),
        percent(users === 0 ? 0 : bin.count / users),
      ),
    })),
    evenBars: true,
    xLabel: t('interactions of a user'),
    yLabel: t('users'),
    xTicks: (width) => edgeTicks(bins, width),
  };
}

/** Ticks under the left edges of bars of equal width, as many as have room. */
function edgeTicks(bins: readonly Bin[], width: number): Tick[] {
  const step = Math.max(1, Math.ceil(bins.length / (width / 56)));
  return bins.flatMap(({ from }, at) => (at % step === 0 ? [{ at, label: shortNumber(from) }] : []));
}

export function popularityPlot({ popularity, items }: StatisticsView): PlotSpec {
  return {
    kind: 'curve',
    title: t('Popularity'),
    summary: t(
      'The most popular {0} of items have {1} of all interactions.',
      percent(0.1, 0),
      percent(popularity.topTenthShare, 0),
    ),
    marks: popularity.curve.map(({ rank, count }): Mark => ({
      from: rank,
      to: rank,
      value: Math.max(1, count),
      readout: t('Rank {0}: {1} interactions', number(rank), number(count)),
    })),
    logarithmic: true,
    xLabel: t('rank of the item (logarithmic)'),
    yLabel: t('interactions'),
    xTicks: (width) =>
      logTicks(1, Math.max(1, items), width / 56).map((at) => ({ at, label: shortNumber(at) })),
  };
}

export function timePlot(time: NonNullable<StatisticsView['time']>): PlotSpec {
  return {
    kind: 'bars',
    title: t('Over time'),
    summary:
      time.tiedUsers < 0.005
        ? t('From {0} to {1}.', day(time.first), day(time.last))
        : t(
            'From {0} to {1}. The last two interactions of {2} of users are of the same moment.',
            day(time.first),
            day(time.last),
            percent(time.tiedUsers, 0),
          ),
    marks: time.bins.map((bin) => ({
      ...bin,
      value: bin.count,
      readout: t('{0} to {1}: {2} interactions', day(bin.from), day(bin.to), number(bin.count)),
    })),
    xLabel: t('time'),
    yLabel: t('interactions'),
    xTicks: (width) =>
      timeTicks(time.first, time.last, width / 64).map(({ at, unit }) => ({
        at,
        label: new Date(at * 1000).toLocaleDateString(document.documentElement.lang, {
          timeZone: 'UTC',
          year: 'numeric',
          ...(unit === 'month' && { month: 'short' }),
        }),
      })),
  };
}

export function ratingPlot(ratings: StatisticsView['ratings']): PlotSpec {
  const total = ratings.reduce((sum, { count }) => sum + count, 0);
  const mean = ratings.reduce((sum, { rating, count }) => sum + rating * count, 0) / Math.max(1, total);
  return {
    kind: 'bars',
    title: t('Ratings'),
    summary: t('{0} ratings, {1} on average.', number(total), number(mean, 2)),
    marks: ratings.map(({ rating, count }, i) => ({
      from: i,
      to: i + 1,
      value: count,
      readout: t('Rating {0}: {1} ({2})', rating, number(count), percent(count / Math.max(1, total))),
    })),
    evenBars: true,
    xLabel: t('rating'),
    yLabel: t('ratings'),
    xTicks: (width) => {
      const step = Math.max(1, Math.ceil(ratings.length / (width / 40)));
      return ratings.flatMap(({ rating }, i) =>
        i % step === 0 ? [{ at: i + 0.5, label: String(rating) }] : [],
      );
    },
  };
}

export function numberAttributePlot({ name, bins, range: values }: AttributeView): PlotSpec {
  const whole = bins.every(({ from, to }) => Number.isInteger(from) && Number.isInteger(to));
  // Years and the like are written without separators.
  const text = (value: number) => (whole ? String(value) : number(value, 2));
  const span = ({ from, to }: Bin) =>
    whole && to - from === 1 ? text(from) : `${text(from)}–${text(whole ? to - 1 : to)}`;
  return {
    kind: 'bars',
    title: name,
    summary: values
      ? t(
          'From {0} to {1}; half of the items have {2} or less.',
          text(values.least),
          text(values.most),
          text(values.median),
        )
      : '',
    marks: bins.map((bin) => ({
      from: bin.from,
      to: bin.to,
      value: bin.count,
      readout: t('{0}: {1} items', span(bin), number(bin.count)),
    })),
    xLabel: name,
    yLabel: t('items'),
    xTicks: (width) => {
      const [first, last] = [bins[0]?.from ?? 0, bins.at(-1)?.to ?? 1];
      return linearTicks(last - first, width / 64).map((offset) => ({
        at: first + offset,
        label: text(first + offset),
      }));
    },
  };
}
