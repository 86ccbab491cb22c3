// npm run bench -- [<name>] [--json] [--keep] [-- <arguments>]: measures (bench/runner.ts says more).
import { register } from 'tsx/esm/api';

register();
const { main } = await import('../bench/runner.ts');
process.exit(await main(process.argv.slice(2)));
