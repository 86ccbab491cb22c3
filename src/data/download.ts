import fs from 'node:fs/promises';
import path from 'node:path';
import { StorageError, UsageError } from '../shared/errors.ts';
import type { LongWork } from '../shared/progress.ts';
import type { Workspace } from '../shared/workspace.ts';
import { publishedDataset, publisherUrl, type PublishedDataset } from './download/published.ts';
import { defaultPatience, Passing, request, withRetries, type Patience } from './download/request.ts';
import { downloadFile, type DownloadedFile } from './download/resumable.ts';

export { publishedDataset, publishedDatasets, type PublishedDataset } from './download/published.ts';

export interface DownloadRequest {
  /** `ml-1m`, … */
  readonly id: string;
  readonly workspace: Workspace;
  /** A person has seen `licence` of the dataset and agreed. Nothing is fetched without it. */
  readonly licenceAccepted: boolean;
  /** Address of a folder that has the publisher's files; the checksums are the publisher's all the same. */
  readonly mirror?: string | undefined;
  readonly patience?: Partial<Patience> | undefined;
}

export interface DownloadedDataset extends DownloadedFile {
  readonly dataset: PublishedDataset;
  readonly url: string;
}

const zipMagic = Uint8Array.of(0x50, 0x4b, 0x03, 0x04);
/** How much larger than last seen an archive may be: one that is published anew may have grown. */
const slackBytes = 64 * 2 ** 20;

/**
 * Brings a published archive to `.toolrec/cache/downloads/`, verified; `importDataset` reads it in place. One that
 * is there already and still has the right checksum is not fetched again, an unfinished one is resumed.
 * @throws UsageError `unknown-download`, `licence-not-accepted`, `bad-mirror`; StorageError `disk-full`,
 * `download-failed`, `download-refused`, `too-large`; `no-checksum`; InputError `checksum-mismatch`, `not-the-file`;
 * CancelledError, after which the part that was fetched stays for the next time.
 */
export async function downloadDataset(
  wanted: DownloadRequest,
  work: LongWork = {},
): Promise<DownloadedDataset> {
  const dataset = publishedDataset(wanted.id);
  if (!wanted.licenceAccepted)
    throw new UsageError(
      'licence-not-accepted',
      `The licence of ${dataset.label} was not accepted, so nothing was downloaded.`,
      `Read it (${dataset.licence.url}) and accept it, in a script with --accept-licence.`,
      { place: { flag: '--accept-licence' } },
    );
  const url = addressOf(dataset, wanted.mirror);
  const target = path.join(wanted.workspace.directory('cache'), 'downloads', `${dataset.id}.zip`);
  const patience = { ...defaultPatience, ...wanted.patience };
  await requireSpace(wanted.workspace, dataset.bytes, target);
  const md5 = dataset.md5 ?? (await publishedMd5(`${url}.md5`, `${dataset.id}.zip`, patience, work));
  const maximumBytes = dataset.bytes + slackBytes;
  const file = await downloadFile({ url, target, md5, magic: zipMagic, maximumBytes, patience }, work);
  return { ...file, dataset, url };
}

/** Address of the archive, and with `.md5` behind it of its checksum. */
function addressOf({ id }: PublishedDataset, mirror: string = publisherUrl): string {
  const base = URL.canParse(mirror) ? new URL(mirror) : undefined;
  if (!base || !/^https?:$/.test(base.protocol) || base.username || base.password || base.search || base.hash)
    throw new UsageError(
      'bad-mirror',
      `“${mirror.slice(0, 200)}” is not the address of a folder.`,
      'Give an http or https address such as the publisher’s own.',
      { place: { flag: '--mirror' } },
    );
  return new URL(`${id}.zip`, base.href.endsWith('/') ? base : `${base.href}/`).href;
}

/** What the publisher's `.md5` file says. */
async function publishedMd5(url: string, file: string, patience: Patience, work: LongWork): Promise<string> {
  work.onProgress?.({ message: 'Fetching the checksum' });
  const text = await withRetries(
    patience,
    async () => {
      const answer = await request(url, {}, patience, work.signal);
      try {
        if (answer.status === 416) throw new Passing('the server answered 416');
        const chunks: Uint8Array[] = [];
        let size = 0;
        for await (const chunk of answer.body) {
          chunks.push(chunk);
          if ((size += chunk.length) > 4096) break;
        }
        return Buffer.concat(chunks).toString('utf8');
      } finally {
        answer.close();
      }
    },
    { url, kept: () => '' },
    work.signal,
  );
  const md5 = parseMd5(text, file);
  if (md5 !== undefined) return md5;
  throw new StorageError(
    'no-checksum',
    'The publisher’s checksum file does not hold a checksum, so the download could not be verified.',
    'Try later, or download it in a browser and import the file.',
    { place: { file: url } },
  );
}

/** Both usual forms: `MD5 (file) = …` and `…  file`; also the checksum alone. */
export function parseMd5(text: string, file: string): string | undefined {
  for (const line of text.split(/\r?\n/)) {
    const bsd = /^MD5 \((.+)\) = ([0-9a-f]{32})$/i.exec(line.trim());
    const gnu = /^([0-9a-f]{32})(?:\s+\*?(.+))?$/i.exec(line.trim());
    const [name, md5] = bsd ? [bsd[1], bsd[2]] : [gnu?.[2], gnu?.[1]];
    if (md5 !== undefined && (name === undefined || path.posix.basename(name) === file))
      return md5.toLowerCase();
  }
  return undefined;
}

/** Refuses before the first byte what could not be stored. */
async function requireSpace(workspace: Workspace, bytes: number, file: string): Promise<void> {
  const stat = await fs.statfs(workspace.folder).catch(() => undefined);
  if (stat === undefined || stat.bavail * stat.bsize >= bytes) return;
  throw new StorageError(
    'disk-full',
    `There is not enough space for the archive (${bytes.toLocaleString('en')} bytes).`,
    'Free some space, or choose another workspace folder.',
    { place: { file } },
  );
}
