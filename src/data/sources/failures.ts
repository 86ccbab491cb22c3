import { InputError, ToolRecError } from '../../shared/errors.ts';
import { asStorageError } from '../../shared/atomic-file.ts';

/** An InputError about a whole file of a source. */
export function sourceError(
  code: string,
  file: string,
  message: string,
  remedy: string,
  cause?: unknown,
): InputError {
  return new InputError(code, message, remedy, { place: { file }, cause });
}

/** Names what went wrong while bytes were read or unpacked. Typed errors pass; the rest is never left untyped. */
export function asSourceError(error: unknown, file: string): unknown {
  if (error instanceof ToolRecError) return error;
  const failure = error as NodeJS.ErrnoException;
  switch (failure.code) {
    case 'ENOENT':
      return sourceError('missing-file', file, 'There is no such file or folder.', 'Check the path.', error);
    case 'ELOOP':
      return sourceError(
        'path-leaves-folder',
        file,
        'The link leads in a circle.',
        'Remove the link.',
        error,
      );
    case 'Z_BUF_ERROR':
      return sourceError(
        'truncated',
        file,
        'The compressed file ends too early.',
        'Download or copy it again: the transfer was probably cut off.',
        error,
      );
    case 'Z_DATA_ERROR':
    case 'Z_NEED_DICT':
      return sourceError(
        'damaged-archive',
        file,
        'The compressed data is damaged.',
        'Download or copy it again and compare its checksum.',
        error,
      );
    default: {
      const typed = asStorageError(error, file);
      if (typed instanceof ToolRecError) return typed;
      return sourceError(
        'unreadable',
        file,
        `The file could not be read (${failure.code ?? failure.message}).`,
        'Check the disk or drive it is on.',
        error,
      );
    }
  }
}
