import fs from 'node:fs/promises';
import { decodeSafetensors, encodeSafetensors } from '../../engine/safetensors.ts';
import { asStorageError, writeFileAtomic } from '../../shared/atomic-file.ts';
import { StorageError } from '../../shared/errors.ts';

interface Embeddings {
  readonly width: number;
  readonly values: Float32Array;
}

/** Undefined where there are none, or a damaged file: then they are made again. */
export async function readEmbeddings(file: string, rows: number): Promise<Embeddings | undefined> {
  const bytes = await fs.readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw asStorageError(error, file);
  });
  if (!bytes) return undefined;
  try {
    const found = decodeSafetensors(bytes, file).tensors['embeddings'];
    const width = found?.shape[1];
    if (!found || width === undefined || found.shape[0] !== rows || !(found.data instanceof Float32Array))
      return undefined;
    return { width, values: found.data };
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}

export async function writeEmbeddings(file: string, { width, values }: Embeddings): Promise<void> {
  const embeddings = { dtype: 'float32', shape: [values.length / width, width], data: values } as const;
  await writeFileAtomic(file, encodeSafetensors({ tensors: { embeddings }, metadata: {} }));
}
