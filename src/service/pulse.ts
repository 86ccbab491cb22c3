import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import type { Disposable } from '../shared/disposable.ts';

/**
 * The engine's heartbeat. A training step may block the engine's main thread for a long time, and that is no
 * failure; so the pulse is sent by a thread of its own that does nothing else, as one byte on a pipe of its own.
 * It goes on during any computation and stops only when the process as a whole does not run (stopped by a signal,
 * frozen by the system, swapped to a standstill) or has ended. A single request that never returns is not its
 * business: the person cancels it, or restarts the engine.
 *
 * The same thread notices that the host is gone, even in the middle of a computation, because the pipe breaks: it
 * leaves the main thread some time to end in order and then ends the process.
 */
export const pulseDescriptor = 4;

export interface PulseTiming {
  readonly intervalMs: number;
  /** From the moment the host is gone until the process is ended by force. */
  readonly orphanGraceMs: number;
}

const source = `
const { workerData } = require('node:worker_threads');
const { writeSync } = require('node:fs');
const beat = setInterval(() => {
  try {
    writeSync(workerData.descriptor, '.');
  } catch (error) {
    if (error.code === 'EAGAIN') return;
    clearInterval(beat);
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), workerData.orphanGraceMs);
  }
}, workerData.intervalMs);
`;

/** Engine side: starts the thread. It does not keep the process alive. */
export function startPulse(timing: PulseTiming): void {
  const worker = new Worker(source, {
    eval: true,
    execArgv: [],
    workerData: { ...timing, descriptor: pulseDescriptor },
  });
  worker.unref();
}

export interface PulseLimit {
  /** How often the host looks. */
  readonly checkMs: number;
  /** After how many looks in a row without a beat the engine counts as frozen. */
  readonly misses: number;
}

/**
 * Host side. Silence is counted in looks, not in hours on the clock: after the machine slept, or the host itself
 * was blocked, the first look finds at most one miss, and the beats that waited in the pipe clear it.
 */
export function watchPulse(pipe: Readable, limit: PulseLimit, onSilence: () => void): Disposable {
  let beats = 0;
  let missed = 0;
  const onData = (chunk: Buffer) => (beats += chunk.length);
  pipe.on('data', onData);
  const timer = setInterval(() => {
    missed = beats > 0 ? 0 : missed + 1;
    beats = 0;
    if (missed < limit.misses) return;
    clearInterval(timer);
    onSilence();
  }, limit.checkMs);
  timer.unref();
  return {
    dispose() {
      clearInterval(timer);
      pipe.off('data', onData);
    },
  };
}
