type CpuUsage = typeof process.cpuUsage;
const ofThread = (process as { threadCpuUsage?: CpuUsage }).threadCpuUsage; // since Node 23.9
const usage: CpuUsage = (ofThread ?? process.cpuUsage).bind(process);

/** Adds up the time of spans, on the clock and of the processor; what lies between the spans does not count. */
class Stopwatch {
  /** Milliseconds on the clock. */
  elapsed = 0;
  /** Milliseconds of processor time, of this thread where Node can tell, else of the process. */
  cpu = 0;
  private started = performance.now();
  private startedCpu = usage();

  start(): void {
    this.started = performance.now();
    this.startedCpu = usage();
  }

  stop(): void {
    this.elapsed += performance.now() - this.started;
    const { user, system } = usage(this.startedCpu);
    this.cpu += (user + system) / 1000;
  }
}

/**
 * Our own part of activation: this bundle's evaluation, which this first import of extension.ts begins, and
 * `activate`. Between the two VS Code does other things.
 */
export const activationClock = new Stopwatch();
