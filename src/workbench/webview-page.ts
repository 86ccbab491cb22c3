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
 * @param picture what it shows until its script has come: HTML in which all texts are escaped (first-pictures.ts)
 */
export function webviewPage(
  webview: vscode.Webview,
  extension: vscode.Uri,
  bundle: string,
  title: string,
  picture?: string,
): string {
  const nonce = randomBytes(18).toString('base64');
  const styleNonce = randomBytes(18).toString('base64');
  const resource = (name: string) =>
    webview.asWebviewUri(vscode.Uri.joinPath(webviewRoot(extension), name)).toString();
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    // The component library looks for :focus-visible by an empty style sheet of its own, with the nonce that it finds.
    `style-src ${webview.cspSource} 'nonce-${styleNonce}'`,
    `font-src ${webview.cspSource}`,
  ].join('; ');
  const script = resource(`${bundle}.js`);
  // Nothing that is on the way when a picture is drawn may begin only then: VS Code shows the page after it.
  const head =
    picture === undefined
      ? ''
      : `<link rel="preload" as="font" type="font/ttf" crossorigin href="${resource('codicon.ttf')}" />
    <link rel="preload" as="script" crossorigin nonce="${nonce}" href="${script}" />
    `;
  const body =
    picture === undefined
      ? `<main id="app"></main>
    <script type="module" nonce="${nonce}" src="${script}"></script>`
      : `<main id="app" aria-busy="true" inert>${picture}</main>
    <script nonce="${nonce}" src="${resource('start.js')}" data-page="${script}" data-drawn="${Date.now()}"></script>`;
  return `<!doctype html>
<html lang="${escapeHtml(vscode.env.language)}">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta property="csp-nonce" content="${styleNonce}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <link rel="stylesheet" href="${resource(`${bundle}.css`)}" />
    ${head}<title>${escapeHtml(title)}</title>
  </head>
  <body>
    ${body}
  </body>
</html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
