import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Starts a thread whose entry lies beside the calling module: `<name>.mjs` in a bundle, `<name>.ts` where it runs from its
 * sources, as tests do. `moduleUrl` is the caller's `import.meta.url`.
 */
export function startThread(name: string, moduleUrl: string, options: WorkerOptions = {}): Worker {
  if (!moduleUrl.endsWith('.ts')) return new Worker(new URL(`./${name}.mjs`, moduleUrl), options);
  // tsx leaves worker threads to do their own loading.
  const source = new URL(`./${name}.ts`, moduleUrl).href;
  const load = `
    const { createRequire } = require('node:module');
    import(createRequire(${JSON.stringify(source)}).resolve('tsx/esm/api').replace(/cjs$/, 'mjs'))
      .then((tsx) => { tsx.register(); return import(${JSON.stringify(source)}); });`;
  return new Worker(load, { ...options, eval: true });
}
