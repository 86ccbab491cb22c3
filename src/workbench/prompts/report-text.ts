import * as vscode from 'vscode';
import { vscodeTexts } from '../language.ts';

/** How figures and names are written in the reports of prompts. */

export function percent(share: number | null): string {
  return share === null ? '–' : `${(share * 100).toFixed(1)} %`;
}

export function money(cost: number, unpriced: number): string {
  return unpriced > 0 ? vscode.l10n.t('not known ({0} calls without a price)', unpriced) : dollars(cost);
}

export function cell(text: string): string {
  return text.replace(/[\\|`*_{}[\]<>#]/g, '\\$&').replace(/\s+/g, ' ');
}

/** US dollars; nothing is nothing, and not “$0.0000”. */
export function dollars(cost: number): string {
  return cost === 0 ? '$0' : `$${cost.toFixed(4)}`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString(vscodeTexts.locale);
}
