import { runAsProcess } from './process.ts';

/** Entry of the command line (dist/cli.mjs). */
await runAsProcess();
