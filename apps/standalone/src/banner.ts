import { relative } from 'node:path';

export interface ReadyFacts {
  issuer: string;
  adminAddress: string;
  operatorFile: string;
  /** Where mails lie that go nowhere; unset when there is a mail server. */
  mailFolder?: string;
  startedAt: number;
}

/** The block that ends a start: where everything is. */
export function banner(facts: ReadyFacts, now = Date.now()): string {
  const seconds = ((now - facts.startedAt) / 1000).toFixed(1);
  const rows = [
    ['Issuer', facts.issuer],
    ['Sign-in page', `${facts.issuer}/login`],
    ['Discovery', `${facts.issuer}/.well-known/openid-configuration`],
    ['Admin API (gRPC)', facts.adminAddress],
    ['Operator credential', shown(facts.operatorFile)],
    ...(facts.mailFolder === undefined ? [] : [['Mails', shown(facts.mailFolder)]]),
  ];
  const lines = rows.map(([name = '', value]) => `  ${name.padEnd(20)} ${value}`);
  return `\nAuthority is running. Ctrl-C stops it.\n\n${lines.join('\n')}\n\nready in ${seconds} s\n`;
}

/** Below the folder that the start was made in, as one would type it. */
function shown(path: string): string {
  const file = relative(process.cwd(), path);
  return file.startsWith('..') ? path : file;
}
