// @ts-check
// npm run package -- [--target <platform-arch>] [--out <file>]: makes the .vsix for one platform.
//
// The bundles hold every dependency but onnxruntime-node and usearch, whose native libraries are copied beside them, for
// the target alone. What goes in is what is listed here; nothing is downloaded.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root, run } from './process.mjs';

/** Files and folders of the project that the package contains as they are, where they exist. */
const contents = ['README.md', 'CHANGELOG.md', 'LICENSE', 'media', 'resources', 'l10n'];
const thisTarget = `${process.platform}-${process.arch}`;

/**
 * Builds for production and packs.
 * @param {{ target?: string, out?: string }} [options]
 * @returns {Promise<{ file: string, bytes: number }>}
 * @throws Error when there is no native library for the target, or the build fails
 */
export async function createPackage({ target = thisTarget, out } = {}) {
  mkdirSync(path.join(root, 'out'), { recursive: true });
  const staging = mkdtempSync(path.join(root, 'out', 'package-'));
  try {
    const { name, version } = await stageExtension(staging, target);
    const file = path.resolve(out ?? path.join(root, `${name}-${target}-${version}.vsix`));
    mkdirSync(path.dirname(file), { recursive: true });
    // The folder holds nothing that should stay out; without this file vsce doubts it.
    writeFileSync(path.join(staging, '.vscodeignore'), '.vscodeignore\n');
    const vsce = path.join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
    const options = ['--no-dependencies', '--allow-missing-repository', '--no-rewrite-relative-links'];
    const { code, output } = await run(
      process.execPath,
      [vsce, 'package', '--target', target, '--out', file, ...options],
      { cwd: staging, output: 'hide' },
    );
    if (code !== 0) throw new Error(`vsce package failed (${code}):\n${output.trim()}`);
    return { file, bytes: statSync(file).size };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/**
 * Lays out in a folder what the package of one platform contains: an extension that runs from there.
 * @param {string} folder
 * @returns {Promise<{ name: string, version: string }>} of its manifest
 */
export async function stageExtension(folder, target = thisTarget) {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  for (const name of contents)
    if (existsSync(path.join(root, name)))
      cpSync(path.join(root, name), path.join(folder, name), { recursive: true });
  for (const name of readdirSync(root).filter((file) => /^package\.nls(\..+)?\.json$/.test(file)))
    cpSync(path.join(root, name), path.join(folder, name));
  // What only the project's developers need stays out of the manifest, and so does what is in the bundles.
  const left = ['scripts', 'devDependencies', 'dependencies', 'optionalDependencies'];
  const shipped = Object.fromEntries(Object.entries(manifest).filter(([key]) => !left.includes(key)));
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(shipped, null, 2)}\n`);

  const dist = path.join(folder, 'dist');
  const { code, output } = await run(process.execPath, ['esbuild.mjs', '--production', `--outdir=${dist}`], {
    output: 'hide',
  });
  if (code !== 0) throw new Error(`The build failed (${code}):\n${output.trim()}`);
  copyNativePackages(target, path.join(dist, 'node_modules'));
  return { name: manifest.name, version: manifest.version };
}

/**
 * onnxruntime-node for one platform, and usearch where it has a library for it (approximate search says so where it has
 * none), each with what it requires.
 * @param {string} target `<platform>-<arch>` @param {string} into
 */
function copyNativePackages(target, into) {
  const modules = path.join(root, 'node_modules');
  const [platform = '', arch = ''] = target.split('-');
  const binaries = path.join('bin', 'napi-v6', platform, arch);
  if (!existsSync(path.join(modules, 'onnxruntime-node', binaries)))
    throw new Error(`onnxruntime-node has no library for ${target}; it has: ${targets(modules).join(', ')}.`);
  /** @type {[string, string[]][]} */
  const packages = [
    ['onnxruntime-node', ['dist', binaries]],
    ['onnxruntime-common', [path.join('dist', 'cjs')]],
  ];
  const search = searchLibrary(modules, platform, arch);
  if (search !== undefined)
    packages.push(
      ['usearch', [path.join('javascript', 'dist'), search]],
      ['node-gyp-build', ['index.js', 'node-gyp-build.js']],
      ['bindings', ['bindings.js']],
      ['file-uri-to-path', ['index.js']],
    );
  for (const [name, parts] of packages)
    for (const part of ['package.json', 'LICENSE', 'LICENSE.md', ...parts])
      if (parts.includes(part) || existsSync(path.join(modules, name, part)))
        cpSync(path.join(modules, name, part), path.join(into, name, part), {
          recursive: true,
          filter: (source) => !/\.(map|d\.ts)$/.test(source),
        });
}

/**
 * The folder of usearch's library within its package: `<platform>-<arch>`, or several architectures joined by “+”.
 * @param {string} modules @param {string} platform @param {string} arch
 */
function searchLibrary(modules, platform, arch) {
  const prebuilds = path.join(modules, 'usearch', 'prebuilds');
  const folder = (existsSync(prebuilds) ? readdirSync(prebuilds) : []).find(
    (name) =>
      name.startsWith(`${platform}-`) &&
      name
        .slice(platform.length + 1)
        .split('+')
        .includes(arch),
  );
  return folder === undefined ? undefined : path.join('prebuilds', folder);
}

/** @param {string} modules */
function targets(modules) {
  const folder = path.join(modules, 'onnxruntime-node', 'bin', 'napi-v6');
  return readdirSync(folder).flatMap((platform) =>
    readdirSync(path.join(folder, platform)).map((arch) => `${platform}-${arch}`),
  );
}

if (import.meta.filename === process.argv[1]) {
  try {
    const { values } = parseArgs({ options: { target: { type: 'string' }, out: { type: 'string' } } });
    const { file, bytes } = await createPackage({
      ...(values.target ? { target: values.target } : {}),
      ...(values.out ? { out: values.out } : {}),
    });
    console.log(`${path.relative(process.cwd(), file)} (${(bytes / 2 ** 20).toFixed(1)} MiB)`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    const usage = /** @type {{ code?: string }} */ (error).code?.startsWith('ERR_PARSE_ARGS') ?? false;
    process.exitCode = usage ? 2 : 1;
  }
}
