/** When this bundle began to run, in ms of `performance.now()`. The first import of extension.ts. */
export const startedAt = performance.now();

type CpuUsage = typeof process.cpuUsage;
const own = (process as { threadCpuUsage?: CpuUsage }).threadCpuUsage; // since Node 23.9
const usage: CpuUsage = (own ?? process.cpuUsage).bind(process);
const startedCpu = usage();

/**
 * Milliseconds of processor time since this bundle began to run, of this thread where Node can tell, else of the
 * process. Unlike the clock it does not count waiting for other programs.
 */
export function cpuMillisecondsSinceStart(): number {
  const { user, system } = usage(startedCpu);
  return (user + system) / 1000;
}
