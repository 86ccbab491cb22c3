/**
 * Names and sentences of servers, extensions, files and datasets, for places where VS Code gives some texts a meaning
 * of their own.
 */

/** For labels: `$(…)` does not become an icon, nothing is invisible, and the length is bounded. */
export function labelText(text: string, longest = 120): string {
  const shown = text.replace(/\$\(/g, '$ (').replace(/[\p{Cc}\p{Cf}]/gu, '');
  return shown.length > longest ? `${shown.slice(0, longest - 1)}…` : shown;
}

/** For notifications: `[text](command:…)` does not become a link, which could run a command. */
export function noticeText(text: string): string {
  return text.replace(/\]\(/g, '] (');
}

/** Titles of commands that a sentence names as “ToolRec: …”, each once. */
export function commandTitlesIn(sentence: string): string[] {
  return [...new Set([...sentence.matchAll(/“ToolRec: ([^”]+)”/g)].map(([, title]) => title!))];
}
