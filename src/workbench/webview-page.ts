import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** Where webview bundles are: the only folder that a page may load from. */
export function webviewRoot(extension: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extension, 'dist', 'webview');
}

export function webviewOptions(extension: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [webviewRoot(extension)] };
}

/**
 * The page of a panel: its bundle and style sheet, nothing inline, nothing remote. Only the script that bears the
 * nonce runs.
 * @param bundle name of `webview/<bundle>.main.ts`
 */
export function webviewPage(
  webview: vscode.Webview,
  extension: vscode.Uri,
  bundle: string,
  title: string,
): string {
  const nonce = randomBytes(18).toString('base64');
  const resource = (name: string) =>
    webview.asWebviewUri(vscode.Uri.joinPath(webviewRoot(extension), name)).toString();
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
  ].join('; ');
  return `<!doctype html>
<html lang="${escapeHtml(vscode.env.language)}">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <link rel="stylesheet" href="${resource(`${bundle}.css`)}" />
    <title>${escapeHtml(title)}</title>
  </head>
  <body>
    <main id="app"></main>
    <script type="module" nonce="${nonce}" src="${resource(`${bundle}.js`)}"></script>
  </body>
</html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
