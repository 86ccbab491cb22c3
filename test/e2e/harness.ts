/**
 * The end-to-end layer's ground: the packaged .vsix installed in code-server, driven by Chromium as a person
 * would. `openWorkbench` gives a spec a window of its own; everything it opens is closed after the test.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import {
  launchChromium,
  startCodeServer,
  workbenchAddress,
  type Server,
} from '../../scripts/host/code-server.mjs';
import type { Host } from '../../scripts/host/install.mjs';
import { Workbench } from './pages/workbench.ts';

export const root = path.resolve(import.meta.dirname, '..', '..');
export const screenshotFolder = path.join(root, 'out', 'screenshots');

/** The names of themes that every VS Code brings. */
export const themes = {
  light: 'Light Modern',
  dark: 'Dark Modern',
  'high-contrast': 'Default High Contrast',
} as const;
export type Theme = keyof typeof themes;

export interface OpenOptions {
  /** The folder to open: a path, `empty` for a temporary one (the default), `none` for a window without any. */
  readonly folder?: string;
  readonly theme?: Theme;
  /** The person's settings, on top of those that keep the workbench quiet. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly size?: { readonly width: number; readonly height: number };
  /** Instead of the one of all specs. */
  readonly server?: Server;
  /** As a browser zooms: 2 leaves half the room and draws everything twice as large. */
  readonly zoom?: number;
}

let server: Server | undefined;
let browser: Browser | undefined;
const open: Workbench[] = [];
const temporaryFolders: string[] = [];

/** Called by the root hooks. */
export async function startHost(): Promise<void> {
  server = await startServer();
  browser = await launchChromium(given('CHROMIUM'));
}

/** A server with the extension and others; whoever starts it stops it. @param others files of packages */
export function startServer(others: readonly string[] = []): Promise<Server> {
  const host = JSON.parse(given('TOOLREC_E2E_HOST')) as Host;
  return startCodeServer({ host, vsix: [given('TOOLREC_E2E_VSIX'), ...others] });
}

function given(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error('Run the end-to-end layer by: node scripts/test.mjs e2e');
  return value;
}

/** Called by the root hooks. */
export async function stopHost(): Promise<void> {
  await browser?.close();
  await server?.stop();
  for (const folder of temporaryFolders.splice(0))
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** A folder that is deleted when all specs are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'toolrec-e2e-'));
  temporaryFolders.push(folder);
  return folder;
}

/** Runs the built CLI, as a way to prepare a workspace. @throws Error with its stderr when it fails */
export function toolrec(...args: string[]): string {
  const cli = path.join(root, 'dist', 'cli.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    encoding: 'utf8',
    cwd: root,
  });
  if (status !== 0) throw new Error(`toolrec ${args.join(' ')} ended with ${status}:\n${stderr}`);
  return stdout;
}

/** A temporary workspace folder that holds the sample dataset. */
export function sampleWorkspace(): string {
  const folder = temporaryFolder();
  toolrec('sample', '--workspace', folder);
  return folder;
}

/** Everything that VS Code keeps of this run: settings, storage, logs. */
export function userData(): string {
  if (!server) throw new Error('The host was not started; run the specs by: node scripts/test.mjs e2e');
  return server.userData;
}

/** Opens a window with a fresh browser profile, so that no view state is left from another test. */
export async function openWorkbench(options: OpenOptions = {}): Promise<Workbench> {
  const host = options.server ?? server;
  if (!host || !browser)
    throw new Error('The host was not started; run the specs by: node scripts/test.mjs e2e');
  const { folder = 'empty', theme = 'dark', settings = {}, zoom = 1 } = options;
  const { width, height } = options.size ?? { width: 1280, height: 800 };
  // Hovers come where the mouse happened to stop, and would cover what is clicked next.
  const still = { 'workbench.hover.delay': 100_000, 'workbench.colorTheme': themes[theme] };
  host.writeSettings({ ...still, ...settings });
  const viewport = { width: Math.round(width / zoom), height: Math.round(height / zoom) };
  const context = await browser.newContext({ viewport, deviceScaleFactor: zoom });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  const opened = folder === 'empty' ? temporaryFolder() : folder === 'none' ? undefined : folder;
  const workbench = new Workbench(page, opened, screenshotFolder);
  open.push(workbench);
  await page.goto(workbenchAddress(host, opened));
  await workbench.untilReady();
  return workbench;
}

/** Called by the root hooks after each test. */
export async function closeWorkbenches(): Promise<void> {
  for (const workbench of open.splice(0)) await workbench.page.context().close();
}

/** Pictures of every window that is open, named `<name>[-2…].png`; the files made. */
export async function screenshotsOfOpen(name: string): Promise<string[]> {
  const made: string[] = [];
  for (const [index, workbench] of open.entries())
    made.push(await workbench.screenshot(index === 0 ? name : `${name}-${index + 1}`));
  return made;
}
