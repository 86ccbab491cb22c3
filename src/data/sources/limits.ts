import { InputError } from '../../shared/errors.ts';

/** What a source may cost before it is refused. The defaults are far above every published dataset. */
export interface SourceLimits {
  /** Most decompressed bytes of one file. */
  readonly decompressedBytes: number;
  /** Most decompressed bytes per stored byte; looked at only above `ratioFrom`. Real rating files stay below 40. */
  readonly ratio: number;
  /** Decompressed bytes below which the ratio does not matter: they stream, so they cost nothing. */
  readonly ratioFrom: number;
  /** Most files of a folder or members of an archive. */
  readonly files: number;
  /** How deep folders are searched. */
  readonly depth: number;
}

export const defaultLimits: SourceLimits = {
  decompressedBytes: 512 * 2 ** 30,
  ratio: 250, // deflate cannot exceed 1032
  ratioFrom: 128 * 2 ** 20,
  files: 20_000,
  depth: 4,
};

/** Watches a decompressor: `stored` bytes went in, `decompressed` came out. @throws InputError for a bomb. */
export function refuseBomb(name: string, stored: number, decompressed: number, limits: SourceLimits): void {
  if (decompressed > limits.decompressedBytes) {
    throw new InputError(
      'decompression-bomb',
      `The file unpacks to more than ${Math.round(limits.decompressedBytes / 2 ** 20)} MiB.`,
      'If it is what you expect, unpack it yourself and import the unpacked files.',
      { place: { file: name } },
    );
  }
  if (decompressed > limits.ratioFrom && decompressed > stored * limits.ratio) {
    throw new InputError(
      'decompression-bomb',
      `The file unpacks to more than ${limits.ratio} times its size, as decompression bombs do.`,
      'If it is what you expect, unpack it yourself and import the unpacked files.',
      { place: { file: name } },
    );
  }
}
