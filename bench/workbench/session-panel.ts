import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { round } from '../measure.ts';
import type { BenchContext, Figures } from '../program.ts';
import { writeLongSession } from './long-session.ts';
import {
  closePanel,
  makeSession,
  openBenchWindow,
  openings,
  panelFrame,
  toolrec,
  untilShown,
  type Opening,
} from './window.ts';

const rounds = 500;
const runs = 11;
/** Frames from the first round to the last: ten seconds. */
const frames = 600;
/** Frames of reading on, and how far each goes: 900 px a second, more than a notch of a wheel three times a second. */
const readingFrames = 300;
const readingPixels = 15;

/**
 * The session panel in the browser that shows the workbench: from Enter in the list of sessions until the first round
 * has been drawn, with a usual session and with one of 500 rounds; and the times of frames while the long one is
 * scrolled, as one reads on and from its first round to its last.
 */
export async function sessionPanel(context: BenchContext): Promise<Figures> {
  const { root, temporaryFolder, signal, log } = context;
  const folder = path.join(temporaryFolder, 'session-workspace');
  mkdirSync(folder);
  toolrec(root, 'sample', '--workspace', folder);
  const usual = makeSession(root, folder);
  const long = writeLongSession(path.join(folder, '.toolrec', 'sessions', `${usual}.jsonl`), rounds);
  const window = await openBenchWindow(context, folder);
  const { page, workbench } = window;
  try {
    const open = async (id: string): Promise<Opening> => {
      signal.throwIfAborted();
      await workbench.palette.run('ToolRec: Open Session…');
      return untilShown(page, workbench.palette.row(id), 'session');
    };
    const times = async (id: string): Promise<Figures> => {
      log(`  ${id} …`);
      const all: Opening[] = [];
      for (let run = 0; run < runs; run++) {
        all.push(await open(id));
        await closePanel(window);
      }
      return openings(all);
    };
    const usualTimes = await times(usual);
    const longTimes = await times(long);
    await open(long);
    log('  scrolling …');
    return {
      limitMilliseconds: 300,
      open: usualTimes,
      [`openOf${rounds}Rounds`]: longTimes,
      [`scrollOf${rounds}Rounds`]: await scroll(await panelFrame(page)),
    };
  } finally {
    await window.close();
  }
}

/** Runs in the page, which is no part of this program's types. */
const scrolling = `(async () => {
  // A frame that does not come for a second counts as one of a second: the bench must not stand still.
  const next = () =>
    new Promise((resolve) => {
      const late = setTimeout(() => resolve(performance.now()), 1000);
      requestAnimationFrame((time) => {
        clearTimeout(late);
        resolve(time);
      });
    });
  const scroller =
    [...document.querySelectorAll('*')].find(
      (element) =>
        element.scrollHeight > element.clientHeight + 1000 &&
        ['auto', 'scroll'].includes(getComputedStyle(element).overflowY),
    ) ?? document.documentElement;
  const pause = async (count) => {
    const between = [];
    let last = await next();
    for (let i = 0; i < count; i++) {
      const now = await next();
      between.push(now - last);
      last = now;
    }
    return between;
  };
  const move = async (count, step) => {
    const between = [];
    let last = await next();
    for (let i = 1; i <= count; i++) {
      step(i);
      const now = await next();
      between.push(now - last);
      last = now;
    }
    return between;
  };
  const tables = () => document.querySelectorAll('[data-round] table').length;
  const settled = () => new Promise((resolve) => setTimeout(resolve, 500));
  scroller.scrollTop = 0;
  await settled();
  const still = await pause(60);
  const reading = await move(${readingFrames}, () => { scroller.scrollTop += ${readingPixels}; });
  const readTo = scroller.scrollTop;
  const wholeRounds = tables();
  scroller.scrollTop = 0;
  await settled();
  const through = await move(${frames}, (i) => {
    scroller.scrollTop = ((scroller.scrollHeight - scroller.clientHeight) * i) / ${frames};
  });
  const height = scroller.scrollHeight;
  const top = scroller.scrollTop + scroller.clientHeight;
  await settled();
  return { still, reading, readTo, wholeRounds, through, height, top, wholeAtTheEnd: tables() };
})()`;

interface Scrolled {
  /** Times between frames, ms, while nothing moves: what this machine can do at all. */
  readonly still: readonly number[];
  /** While it is scrolled as one reads on: every round that comes by is drawn whole. */
  readonly reading: readonly number[];
  readonly readTo: number;
  /** Rounds that were whole at the end of that. */
  readonly wholeRounds: number;
  /** While it is scrolled from the first round to the last. */
  readonly through: readonly number[];
  readonly height: number;
  readonly top: number;
  readonly wholeAtTheEnd: number;
}

/** Scrolls a step a frame, and gives the time between frames. */
async function scroll(frame: Frame): Promise<Figures> {
  const times = await frame.evaluate<Scrolled>(scrolling);
  if (times.still.filter((ms) => ms > 500).length > 2)
    throw new Error('The page is not being drawn: frames do not come while nothing moves.');
  return {
    standingStill: frameTimes(times.still),
    reading: {
      pixelsAFrame: readingPixels,
      reachedPixels: Math.round(times.readTo),
      wholeRounds: times.wholeRounds,
      ...frameTimes(times.reading),
    },
    fromFirstToLast: {
      heightPixels: times.height,
      reachedPixels: Math.round(times.top),
      wholeRoundsAtTheEnd: times.wholeAtTheEnd,
      ...frameTimes(times.through),
    },
  };
}

/** A frame of 60 a second takes 16.7 ms; one that takes more than one and a half of that came too late for its turn. */
function frameTimes(between: readonly number[]): Figures {
  const sorted = [...between].sort((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.floor(share * (sorted.length - 1))]!, 1);
  return {
    frames: sorted.length,
    p50Milliseconds: at(0.5),
    p95Milliseconds: at(0.95),
    p99Milliseconds: at(0.99),
    mostMilliseconds: at(1),
    droppedFrames: sorted.filter((ms) => ms > 25).length,
  };
}
