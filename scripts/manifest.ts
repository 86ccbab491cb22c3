// npm run manifest [-- --check]: writes package.json's contributions, package.nls.json and l10n/bundle.l10n.json from
// src/workbench/manifest.ts and the texts in the code. With --check it writes nothing and exits 1 if they differ.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { expectedFiles } from './manifest-files.ts';

const root = path.resolve(import.meta.dirname, '..');
let stale = 0;
for (const [name, content] of Object.entries(expectedFiles(root))) {
  const file = path.join(root, name);
  const formatted = await format(JSON.stringify(content, null, 2), {
    ...(await resolveConfig(file)),
    filepath: file,
  });
  let before = '';
  try {
    before = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (before === formatted) continue;
  stale++;
  if (process.argv.includes('--check')) console.error(`${name} is not up to date: run npm run manifest.`);
  else {
    writeFileSync(file, formatted);
    console.log(`wrote ${name}`);
  }
}
if (stale > 0 && process.argv.includes('--check')) process.exit(1);
