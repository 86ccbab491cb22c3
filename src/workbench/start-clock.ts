/** When this bundle began to run, in ms of `performance.now()`. The first import of extension.ts. */
export const startedAt = performance.now();
