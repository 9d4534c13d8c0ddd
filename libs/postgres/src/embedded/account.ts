import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** Whom PostgreSQL runs as. It refuses to run as root, so root lends it somebody else's name. */
export interface Account {
  uid: number;
  gid: number;
  /** Folders above are closed to the account: it is given the one capability to pass through them. */
  needsPassage: boolean;
}

/** Undefined for an ordinary user, who needs no other account. */
export function findAccount(dataDir: string, binary: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const candidates = [ownerAbove(dataDir), fromPasswd('postgres'), fromPasswd('nobody')].filter((one) => one !== undefined);
  const accounts = candidates.map((one) => ({ ...one, needsPassage: !canReach(dirname(dataDir), one) || !canReach(dirname(binary), one) }));
  const account = accounts.find((one) => !one.needsPassage) ?? accounts[0];
  if (!account) {
    throw new Error(
      'PostgreSQL does not run as root, and there is no other user here (/etc/passwd): make one called postgres, or set AUTHORITY_DATABASE_URL.',
    );
  }
  if (account.needsPassage && process.platform !== 'linux') {
    throw new Error(
      `PostgreSQL does not run as root, and no other user may enter ${dirname(dataDir)} or ${dirname(binary)}: start as an ordinary user.`,
    );
  }
  return account;
}

/** Who owns the nearest folder that is not root's: with sudo in somebody's home, that is them. */
function ownerAbove(path: string): { uid: number; gid: number } | undefined {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats && stats.uid !== 0) return { uid: stats.uid, gid: stats.gid };
    if (folder === dirname(folder)) return undefined;
  }
}

function fromPasswd(name: string): { uid: number; gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

/** Whether an account may pass through all the folders from the root to here. */
function canReach(path: string, { uid, gid }: { uid: number; gid: number }): boolean {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats) {
      const bit = stats.uid === uid ? 0o100 : stats.gid === gid ? 0o010 : 0o001;
      if ((stats.mode & bit) === 0) return false;
    }
    if (folder === dirname(folder)) return true;
  }
}

export interface SpawnAsOptions extends SpawnOptions {
  /** Linux: the program is sent SIGINT when the process that started it ends, however that ends. For tests. */
  endsWithUs?: boolean;
}

/** Starts a program as the account, in a process group of its own: a Ctrl-C in the terminal is for us, not for it. */
export function spawnAs(account: Account | undefined, file: string, args: string[], options: SpawnAsOptions): ChildProcess {
  const { endsWithUs = false, ...rest } = options;
  const detached = { ...rest, detached: process.platform !== 'win32' };
  const become: string[] = [];
  if (account?.needsPassage) {
    const capability = passageCapability();
    become.push(`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups');
    become.push(`--inh-caps=+${capability}`, `--ambient-caps=+${capability}`);
  } else if (account && endsWithUs && process.platform === 'linux') {
    become.push(`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups');
  }
  if (endsWithUs && process.platform === 'linux') become.push('--pdeathsig=INT');
  if (become.length > 0) return spawn('setpriv', [...become, '--', file, ...args], detached);
  return spawn(file, args, account ? { ...detached, uid: account.uid, gid: account.gid } : detached);
}

/** capabilities(7): searching folders is enough; containers often have only the larger right to give. */
function passageCapability(): string {
  const status = readFileSync('/proc/self/status', 'utf8');
  const bounding = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? '0'}`);
  return (bounding & 4n) !== 0n ? 'dac_read_search' : 'dac_override';
}
