import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import manifest from '../../../package.json' with { type: 'json' };
import { asStorageError } from '../../shared/atomic-file.ts';
import { ToolRecError } from '../../shared/errors.ts';
import { probeDevices } from '../device-probe.ts';
import type { HandlerRegistry } from '../registry.ts';
import { doctorReport, type DoctorReport } from '../requests/doctor.ts';

export function registerDoctorHandlers(registry: HandlerRegistry): void {
  registry.handle(doctorReport, async ({ workspace }, { signal, onProgress }) => ({
    node: nodeReport(),
    platform: {
      os: `${os.type()} ${os.release()}`,
      arch: process.arch,
      cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
      cores: os.availableParallelism(),
      memory: os.totalmem(),
      freeMemory: os.freemem(),
    },
    workspace: await workspaceReport(workspace),
    devices: await probeDevices({ signal, onProgress }),
  }));
}

function nodeReport(): DoctorReport['node'] {
  const required = manifest.engines.node;
  const numbers = (text: string) => (text.match(/\d+/g) ?? []).map(Number);
  const [major = 0, minor = 0] = numbers(process.versions.node);
  const [needMajor = 0, needMinor = 0] = numbers(required);
  const supported = major > needMajor || (major === needMajor && minor >= needMinor);
  return { version: process.version, supported, required };
}

async function workspaceReport(folder: string): Promise<DoctorReport['workspace']> {
  const free = await fs.statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );
  const space = free === undefined ? {} : { freeBytes: free };
  // Permissions alone do not tell (root, network shares, read-only mounts): write something and take it away.
  const trial = path.join(folder, `.toolrec-tmp-doctor-${randomBytes(6).toString('hex')}`);
  try {
    await fs.writeFile(trial, 'x', { flag: 'wx' });
    return { folder, writable: true, ...space };
  } catch (error) {
    const typed = asStorageError(error, folder);
    const reason = typed instanceof ToolRecError ? typed.message : String(error);
    return { folder, writable: false, reason, ...space };
  } finally {
    await fs.rm(trial, { force: true }).catch(() => undefined);
  }
}
