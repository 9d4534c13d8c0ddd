import { relative } from 'node:path';

export interface ReadyFacts {
  issuer: string;
  adminAddress: string;
  operatorFile: string;
  startedAt: number;
}

/** The block that ends a start: where everything is. */
export function banner(facts: ReadyFacts, now = Date.now()): string {
  const seconds = ((now - facts.startedAt) / 1000).toFixed(1);
  const file = relative(process.cwd(), facts.operatorFile);
  const rows = [
    ['Issuer', facts.issuer],
    ['Sign-in page', `${facts.issuer}/login`],
    ['Discovery', `${facts.issuer}/.well-known/openid-configuration`],
    ['Admin API (gRPC)', facts.adminAddress],
    ['Operator credential', file.startsWith('..') ? facts.operatorFile : file],
  ];
  const lines = rows.map(([name = '', value]) => `  ${name.padEnd(20)} ${value}`);
  return `\nAuthority is running. Ctrl-C stops it.\n\n${lines.join('\n')}\n\nready in ${seconds} s\n`;
}
