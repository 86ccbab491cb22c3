import { ProgressType } from 'vscode-jsonrpc';
import type { Progress } from '../shared/progress.ts';

/** JSON-RPC code of every typed failure; the failure itself is in `data`. */
export const failureCode = -32000;

export const progressType = new ProgressType<Progress>();
